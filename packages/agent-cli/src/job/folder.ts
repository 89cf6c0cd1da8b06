import { createHash } from "node:crypto";
import { dirname, isAbsolute, join } from "node:path";
import type { Io } from "../io.js";
import { nearest } from "../settings/agent-file.js";

/** One job's folder is named by what the CI system says, so that all steps of a job meet and no two jobs do. */
function jobKey(env: Io["env"]): string | undefined {
  const { GITHUB_RUN_ID: run, GITHUB_RUN_ATTEMPT: attempt, GITHUB_JOB: job, CI_JOB_ID: gitlab } = env;
  if (run) return safe(["github", run, attempt ?? "1", job ?? "job"]);
  if (gitlab) return safe(["ci", gitlab]);
  return undefined;
}

function safe(parts: readonly string[]): string {
  const name = parts.join("-");
  if (/^[A-Za-z0-9_-]{1,100}$/.test(name)) return name;
  return `${parts[0]}-${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32)}`;
}

/**
 * Folder that keeps a job's certificate between its steps: below the user's state folder when a CI system names the job,
 * otherwise `job/` in the `.seb` that the settings come from. Undefined when there is neither.
 *
 * @param agentFile path of the settings file in use.
 */
export function jobFolder(io: Io, agentFile: string | undefined): string | undefined {
  const key = jobKey(io.env);
  if (key !== undefined) {
    const xdg = io.env.XDG_STATE_HOME ?? "";
    const state = isAbsolute(xdg) ? xdg : join(io.home, ".local", "state");
    return join(state, "seb", key);
  }
  const seb = agentFile === undefined ? nearest(io.cwd, ".seb") : dirname(agentFile);
  return seb === undefined ? undefined : join(seb, "job");
}

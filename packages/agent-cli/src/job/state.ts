import { appendFileSync } from "node:fs";
import { CLOCK_SKEW, closed, ExecutionRequest, fail, Milliseconds, ok, type Result, Ver, validate } from "@seb/schema";
import Type from "typebox";
import type { Io } from "../io.js";
import { readPrivateJson, removePrivate, writePrivateJson } from "./files.js";

/** How long a stored certificate counts, in milliseconds. */
export const MAX_AGE_MS = 600_000;
const FILE = "certificate.json";

/** What a job keeps: a certificate, or `none:` and the request that got none. */
export const JobState = closed({
  ver: Ver,
  value: Type.String({ maxLength: 8192, pattern: "^[A-Za-z0-9_.:-]+$" }),
  at_ms: Milliseconds,
  /** The operation that the certificate was asked for, as far as it was known then. */
  operation: Type.Optional(ExecutionRequest),
});
export type JobState = Type.Static<typeof JobState>;

/** Keeps `value` for the job's later steps, and hands it to GitHub's environment file where there is one. */
export function keep(
  io: Io,
  folder: string | undefined,
  value: string,
  operation?: ExecutionRequest,
): Result<void, "setting_invalid"> {
  const state: JobState = { ver: 1, value, at_ms: io.nowMs(), ...(operation === undefined ? {} : { operation }) };
  if (folder !== undefined) {
    try {
      writePrivateJson(folder, FILE, state);
    } catch {
      return fail("setting_invalid", `cannot write the job's state to ${folder}`);
    }
  }
  const { GITHUB_ENV: file } = io.env;
  if (file === undefined || file === "") return ok(undefined);
  try {
    appendFileSync(file, `CERT=${value}\n`);
    return ok(undefined);
  } catch {
    return fail("setting_invalid", "cannot append to the file that GITHUB_ENV names");
  }
}

/** Takes away what was kept: nothing was asked for, so the later steps have nothing to present and nothing to report. */
export function forget(io: Io, folder: string | undefined): void {
  const { GITHUB_ENV: file } = io.env;
  try {
    if (folder !== undefined) removePrivate(folder, FILE);
    if (file !== undefined && file !== "") appendFileSync(file, "CERT=\n");
  } catch {
    // What cannot be taken away stays the mark of a request that reached nobody, which grants nothing.
  }
}

/** What the job kept, whatever its age; undefined when nothing readable is there. */
export function kept(folder: string | undefined): JobState | undefined {
  if (folder === undefined) return undefined;
  const found = validate(JobState, readPrivateJson(folder, FILE) ?? null, "setting_invalid");
  return found.ok ? found.value : undefined;
}

/**
 * The certificate of a command: what `--cert` gives or, when that is empty or absent, what the job kept in the last 10
 * minutes. It may be `none:<request id>`.
 */
export function certificateOf(
  io: Io,
  folder: string | undefined,
  given: string | undefined,
): Result<string, "setting_missing" | "certificate_old" | "token_malformed"> {
  const value = (given ?? io.env.SEB_CERT ?? "").trim();
  if (value !== "") {
    return /^[!-~]{1,16384}$/.test(value)
      ? ok(value)
      : fail("token_malformed", "the certificate is not printable ASCII");
  }
  const state = kept(folder);
  if (state === undefined) {
    return fail("setting_missing", "give --cert, or set SEB_CERT: this job has kept no certificate", {
      facts: { flag: "--cert", variable: "SEB_CERT" },
    });
  }
  const ageMs = io.nowMs() - state.at_ms;
  if (ageMs > MAX_AGE_MS || ageMs < -CLOCK_SKEW.jobStateMs)
    return fail("certificate_old", "what this job has kept is older than 10 minutes");
  return ok(state.value);
}

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { bundleExecutables } from "./bundle.mjs";
import { removeStale } from "./outputs.mjs";
import { captureChild, root, say, seconds } from "./process.mjs";

const binary = join(root, "node_modules", "turbo", "bin", "turbo");

/** Runs turbo with its cache on this disk only: no telemetry, no update check, no remote cache. */
export function turbo(args) {
  const env = {
    ...process.env,
    TURBO_TELEMETRY_DISABLED: "1",
    TURBO_NO_UPDATE_NOTIFIER: "1",
    DO_NOT_TRACK: "1",
    TURBO_UI: "false",
    FORCE_COLOR: process.stderr.isTTY ? "1" : "0",
  };
  for (const name of ["TURBO_TOKEN", "TURBO_TEAM", "TURBO_TEAMID", "TURBO_API", "TURBO_REMOTE_ONLY", "TURBO_CACHE"]) {
    delete env[name];
  }
  return captureChild(process.execPath, [binary, ...args], { env });
}

/** Builds what changed, in every workspace. Answers an exit code; says nothing when nothing had to be built. */
export async function build({ force = false } = {}) {
  // Cached results are written but not read when everything is to be built.
  const cache = force ? "--cache=local:w" : "--cache=local:rw";
  const result = await turbo(["run", "build", cache, "--output-logs=errors-only"]);
  if (result.code !== 0) {
    process.stderr.write(result.output);
    say("the build failed; nothing was run");
    return 1;
  }
  // A build that comes out of the cache adds files and deletes none.
  for (const group of ["packages", "apps"]) {
    for (const name of readdirSync(join(root, group))) removeStale(join(root, group, name));
  }
  const [, cached, total] = /Cached:\D*?(\d+) cached\D*?(\d+) total/.exec(plain(result.output)) ?? [];
  if (cached === undefined || cached !== total) {
    say(`built ${Number(total ?? 0) - Number(cached ?? 0)} of ${total ?? "?"} workspaces in ${seconds(result.ms)}`);
  }
  try {
    await bundleExecutables({ force });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    say("the executables could not be bundled; nothing was run");
    return 1;
  }
  return 0;
}

/** Removes terminal escape codes. */
export function plain(text) {
  return text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g"), "");
}

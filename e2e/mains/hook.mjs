// The failpoint that the environment asks for, as a wrapper of steps: the tests' only way into a service, by its published port for steps.
//   SEB_FAIL_STEP  name of the step, e.g. `execute`
//   SEB_FAIL_WHEN  `before` or `after` it ran
//   SEB_FAIL_DO    `kill` (SIGKILL to this process), `throw`, `pause` (until the file SEB_FAIL_GO exists)
//   SEB_FAIL_FILE  made when the failpoint is reached; it acts once
import { existsSync, writeFileSync } from "node:fs";

const { SEB_FAIL_STEP, SEB_FAIL_WHEN, SEB_FAIL_DO, SEB_FAIL_FILE, SEB_FAIL_GO } = process.env;

async function act() {
  if (existsSync(SEB_FAIL_FILE)) return;
  writeFileSync(SEB_FAIL_FILE, "reached\n");
  if (SEB_FAIL_DO === "kill") process.kill(process.pid, "SIGKILL");
  if (SEB_FAIL_DO === "throw") throw new Error("failpoint");
  while (SEB_FAIL_DO === "pause" && !existsSync(SEB_FAIL_GO)) await new Promise((resolve) => setTimeout(resolve, 10));
}

export async function hook(name, _id, run) {
  if (name !== SEB_FAIL_STEP) return run();
  if (SEB_FAIL_WHEN === "before") await act();
  const result = await run();
  if (SEB_FAIL_WHEN === "after") await act();
  return result;
}

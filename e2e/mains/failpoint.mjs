// `seb dev` with one failpoint: a main of the tests' own that reaches inside only by the published port for steps.
//   SEB_FAIL_STEP  name of the step, e.g. `execute`
//   SEB_FAIL_WHEN  `before` or `after` it ran
//   SEB_FAIL_DO    `kill` (SIGKILL to this process), `throw`, `pause` (until the file SEB_FAIL_GO exists)
//   SEB_FAIL_FILE  made when the failpoint is reached; it acts once
//   SEB_FAIL_IN    `broker` (default) or `signer`
import { existsSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const {
  SEB_ROOT,
  SEB_FAIL_STEP,
  SEB_FAIL_WHEN,
  SEB_FAIL_DO,
  SEB_FAIL_FILE,
  SEB_FAIL_GO,
  SEB_FAIL_IN = "broker",
} = process.env;
const folder = process.argv[process.argv.indexOf("--folder") + 1];
const { startDev } = await import(pathToFileURL(`${SEB_ROOT}/apps/dev/dist/index.js`).href);

async function act() {
  if (existsSync(SEB_FAIL_FILE)) return;
  writeFileSync(SEB_FAIL_FILE, "reached\n");
  if (SEB_FAIL_DO === "kill") process.kill(process.pid, "SIGKILL");
  if (SEB_FAIL_DO === "throw") throw new Error("failpoint");
  while (SEB_FAIL_DO === "pause" && !existsSync(SEB_FAIL_GO)) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function hook(name, _id, run) {
  if (name !== SEB_FAIL_STEP) return run();
  if (SEB_FAIL_WHEN === "before") await act();
  const result = await run();
  if (SEB_FAIL_WHEN === "after") await act();
  return result;
}

const hooks = SEB_FAIL_IN === "signer" ? { issuance: hook } : { step: hook };
const dev = await startDev({ folder, hooks, log: (line) => process.stderr.write(`seb dev: ${line}\n`) });
process.stdout.write(
  `${JSON.stringify({ ready: true, pid: process.pid, folder: dev.folder, urls: dev.urls, control: dev.control.url })}\n`,
);
process.on("SIGTERM", () => void dev.stop().then(() => process.exit(0)));

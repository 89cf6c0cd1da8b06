// `seb dev` with the failpoint of hook.mjs. SEB_FAIL_IN says in which service: `broker` (default) or `signer`.
import { pathToFileURL } from "node:url";
import { hook } from "./hook.mjs";

const { SEB_ROOT, SEB_FAIL_IN = "broker" } = process.env;
const folder = process.argv[process.argv.indexOf("--folder") + 1];
const { startDev } = await import(pathToFileURL(`${SEB_ROOT}/apps/dev/dist/index.js`).href);

const hooks = SEB_FAIL_IN === "signer" ? { issuance: hook } : { step: hook };
const dev = await startDev({ folder, hooks, log: (line) => process.stderr.write(`seb dev: ${line}\n`) });
process.stdout.write(
  `${JSON.stringify({ ready: true, pid: process.pid, folder: dev.folder, urls: dev.urls, control: dev.control.url })}\n`,
);
process.on("SIGTERM", () => void dev.stop().then(() => process.exit(0)));

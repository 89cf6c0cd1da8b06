// `npm run soak:signer`: does one signer process outlive its certificates? See USAGE.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { soak } from "../e2e/soak/soak.mjs";
import { ensureNode, majors, NodeUnavailable } from "./node-versions.mjs";
import { root, say } from "./process.mjs";

const FLAGS = pathToFileURL(join(root, "e2e", "soak", "flags.mjs")).href;
const DEFAULT_CERTIFICATES = 20_000;
const TOLD_EVERY = 1000;

const USAGE = `usage: npm run soak:signer [-- --certificates N] [--node ${majors.join("|")}] [--without-flag]
  Starts signer, broker and revocation service of the build on a Redis and a NATS of their own, with no options of Node's, and has
  agents ask for certificates as fast as the signer issues them.
  --certificates N   how many (1 to 1000000; default ${DEFAULT_CERTIFICATES})
  --node MAJOR       the version of Node that runs the services (default: the one that runs this); fetched once into ~/.cache/seb/node
  --without-flag     withholds the flags that the product gives to V8, by a preload of this tool: on Node 20
                     and 22 the signer then ends with SIGTRAP, sooner or later.
  Progress goes to standard error, the result to reports/soak-signer-NODE.json (-without-flag) and standard output.
Exit code: 0 all were issued by one process, which is ready afterwards; 1 a request failed while the signer lived, it is not ready, or nothing could
  be started; 2 wrong use; 3 a server or that Node cannot be had; 4 the signer's process ended.`;

function readArguments() {
  const { values } = parseArgs({
    options: {
      certificates: { type: "string", default: String(DEFAULT_CERTIFICATES) },
      node: { type: "string" },
      "without-flag": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { certificates, node = majors.find((major) => process.versions.node.startsWith(`${major}.`)), help } = values;
  if (!/^[1-9][0-9]{0,6}$/.test(certificates) || Number(certificates) > 1_000_000)
    throw new TypeError("--certificates is a whole number from 1 to 1000000");
  if (node !== undefined && !majors.includes(node)) throw new TypeError(`--node is one of ${majors.join(", ")}`);
  return { certificates: Number(certificates), node, withoutFlag: values["without-flag"], help };
}

/** Tells how far it is, each thousand. */
function progress(certificates) {
  let began;
  return (issued) => {
    began ??= performance.now();
    if (issued % TOLD_EVERY !== 0 && issued !== certificates) return;
    const seconds = (performance.now() - began) / 1000;
    say(`${issued} of ${certificates} certificates, ${Math.round(issued / seconds)} a second`);
  };
}

function exitCodeOf({ exit, failure, ready, issued }, certificates) {
  if (exit !== undefined) return 4;
  return failure === undefined && ready && issued === certificates ? 0 : 1;
}

async function soakOnce({ certificates, node, withoutFlag }) {
  const running = { path: process.execPath, version: process.versions.node };
  const chosen = node === undefined ? running : await ensureNode(node, { onProgress: say });
  const folder = mkdtempSync(join(tmpdir(), "seb-soak-"));
  try {
    const signerOptions = withoutFlag ? ["--import", `${FLAGS}?withhold`] : [];
    say(`signer on Node ${chosen.version}${withoutFlag ? ", flags withheld" : ""}`);
    const onProgress = progress(certificates);
    const result = await soak({ root, folder, node: chosen.path, certificates, signerOptions, onProgress });
    return { at: new Date().toISOString(), node: chosen.version, certificates, without_flag: withoutFlag, ...result };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function main() {
  let options;
  try {
    options = readArguments();
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  try {
    const report = await soakOnce(options);
    const text = JSON.stringify(report, undefined, 1);
    mkdirSync(join(root, "reports"), { recursive: true });
    const name = `soak-signer-${report.node}${options.withoutFlag ? "-without-flag" : ""}.json`;
    writeFileSync(join(root, "reports", name), `${text}\n`);
    console.log(text);
    if (report.exit !== undefined)
      say(`the signer ended with ${report.exit.signal ?? report.exit.code} after ${report.issued} certificates`);
    return exitCodeOf(report, options.certificates);
  } catch (error) {
    say(error.message);
    return error instanceof NodeUnavailable || error.code === "server_unavailable" ? 3 : 1;
  }
}

process.exitCode = await main();

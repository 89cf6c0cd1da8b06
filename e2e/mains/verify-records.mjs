// The build's record verifier as a long-lived process, for tests that verify a thousand chains.
//   argument   the dev folder, for its trust file and pins
//   stdin      one JSON object per line: {"records": FOLDER, "heads": FOLDER}
//   stdout     one JSON report per line, in the same order
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { SEB_ROOT } = process.env;
const load = (path) => import(pathToFileURL(`${SEB_ROOT}/packages/${path}`).href);
const { verifyChains, lineVerifier } = await load("records/dist/index.js");
const { createFileHeads, createFileSink } = await load("records/dist/embedded/index.js");
const { verifyTrust } = await load("verify-core/dist/index.js");

const folder = process.argv[2];
const pins = { ...JSON.parse(readFileSync(`${folder}/trust-pins.json`, "utf8")), minVersion: 0 };
const trust = await verifyTrust(readFileSync(`${folder}/trust.json`, "utf8"), pins, Date.now() / 1000);
if (!trust.ok) throw new Error(trust.error.code);

// Each distinct line is verified once: the chains of a run differ in few of them.
const verify = lineVerifier(trust.value);
const known = new Map();
function verifyLine(line) {
  if (!known.has(line)) known.set(line, verify(line));
  return known.get(line);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { records, heads } = JSON.parse(line);
  const copied = createFileHeads({ folder: heads });
  const sink = createFileSink({ folder: records });
  const report = await verifyChains({ sink, heads: copied, trust: trust.value, verifyLine });
  await copied.close();
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

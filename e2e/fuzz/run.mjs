#!/usr/bin/env node
// npm run fuzz:http -- --requests 20000 --seed 1: seeded requests of every kind of wrongness against the three services, over raw sockets.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { startEnvironment } from "./environment.mjs";
import { codeOf, judge } from "./judge.mjs";
import { randomOf } from "./random.mjs";
import { requestOf } from "./requests.mjs";
import { exchange } from "./wire.mjs";

const checkout = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
/** The built tree under fire: this repository, or a copy of its build. */
const root = process.env.SEB_ROOT ?? checkout;
/** The one table of codes, of the build that is fired at. */
const { CODES } = await import(pathToFileURL(join(root, "packages", "schema", "dist", "index.js")).href);
const findingsFolder = join(checkout, "reports", "fuzz-http");
const USAGE = `usage: npm run fuzz:http -- [--requests N] [--seed N] [--first INDEX] [--concurrency N]
  Request INDEX of a seed is always made by the same choices; --first INDEX --requests 1 repeats one of them.`;
const MAX_REQUESTS = 10_000_000;
/** Requests that pause until the server's own timeout; they wait in a lane of their own. */
const SLOW_LANES = 24;
const MAX_FILES = 50;

function readOptions() {
  const { values } = parseArgs({
    options: {
      requests: { type: "string", default: "20000" },
      seed: { type: "string", default: "1" },
      first: { type: "string", default: "0" },
      concurrency: { type: "string", default: "24" },
    },
  });
  const number = (name, minimum, maximum) => {
    const value = Number(values[name]);
    if (!(Number.isSafeInteger(value) && value >= minimum && value <= maximum)) throw new TypeError(USAGE);
    return value;
  };
  return {
    requests: number("requests", 1, MAX_REQUESTS),
    seed: number("seed", 0, 2 ** 32 - 1),
    first: number("first", 0, MAX_REQUESTS),
    concurrency: number("concurrency", 1, 200),
  };
}

/** Counts answers and keeps what was wrong, with the bytes that provoked it. */
function createTally() {
  const counts = new Map();
  const kinds = new Map();
  const findings = [];
  const add = (map, key, by = 1) => map.set(key, (map.get(key) ?? 0) + by);
  return {
    counts,
    kinds,
    findings,
    take(index, request, outcome) {
      add(kinds, request.kind);
      if (outcome.answers.length === 0) add(counts, `${request.service} no answer (${request.kind}, ${outcome.end})`);
      for (const answer of outcome.answers) add(counts, `${request.service} ${codeOf(answer)}`);
      const wrong = judge(CODES, request, outcome);
      if (wrong.length > 0) this.finding({ index, request, outcome, wrong });
    },
    finding({ index, request, outcome, wrong }) {
      findings.push({ index, kind: request?.kind ?? "end", wrong });
      if (request === undefined || findings.length > MAX_FILES) return;
      mkdirSync(findingsFolder, { recursive: true });
      const name = join(findingsFolder, `${index}-${request.kind}`);
      writeFileSync(`${name}.request`, request.bytes);
      const answers = outcome.answers.map(({ status, headers, body }) => ({ status, headers: [...headers], body }));
      writeFileSync(
        `${name}.json`,
        `${JSON.stringify({ index, service: request.service, wrong, answers }, undefined, 1)}\n`,
      );
    },
  };
}

async function fire(world, options, tally) {
  const { materials } = world;
  const slow = [];
  let next = options.first;
  const end = options.first + options.requests;
  const one = async (index) => {
    const request = requestOf(randomOf(options.seed, index), materials, true);
    const port = Number(new URL(materials.urls[request.service]).port);
    if (request.slowMs === undefined) tally.take(index, request, await exchange(port, request));
    else slow.push([index, request, port]);
  };
  let patient = true;
  const lanes = Array.from({ length: options.concurrency }, async () => {
    for (let index = next++; index < end; index = next++) {
      await one(index);
      if ((index + 1 - options.first) % 5000 === 0) process.stderr.write(`  ${index + 1 - options.first} requests\n`);
    }
  });
  const slowLanes = Array.from({ length: SLOW_LANES }, async () => {
    while (patient || slow.length > 0) {
      const item = slow.shift();
      if (item === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
      else tally.take(item[0], item[1], await exchange(item[2], item[1]));
    }
  });
  await Promise.all(lanes);
  patient = false;
  await Promise.all(slowLanes);
}

/** What must hold when everything has been fired. */
async function aftermath(world, head, tally) {
  const wrong = [];
  for (const [name, url] of Object.entries(world.materials.urls)) {
    for (const path of ["/healthz", "/readyz"]) {
      const status = await fetch(url + path).then(
        (answer) => answer.status,
        () => 0,
      );
      if (status !== 200) wrong.push(`${name} ${path} answers ${status}`);
    }
  }
  if (world.head() !== head) wrong.push("the head of the GitOps repository moved");
  const executed = recordsOf(world, "broker").filter((kind) => kind === "decision").length;
  if (executed > 0) wrong.push(`${executed} decisions were recorded`);
  const { code, signal } = await world.stop();
  if (code !== 0) wrong.push(`the services ended with ${signal ?? code}`);
  if (/unhandled|uncaught/i.test(world.main.stderr())) wrong.push("something was thrown that nobody caught");
  try {
    const seb = join(root, "apps", "seb", "bin", "seb.js");
    execFileSync(process.execPath, [seb, "audit", "verify"], {
      cwd: join(world.seb, ".."),
      env: world.env,
      stdio: "pipe",
    });
  } catch (error) {
    wrong.push(`the records do not verify: ${String(error.stdout).slice(0, 300)}`);
  }
  for (const what of wrong) tally.finding({ index: -1, wrong: [what] });
}

/** Kinds of a service's records, in order. */
function recordsOf(world, service) {
  const folder = join(world.seb, service, "records");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(Buffer.from(line.split(".")[1] ?? "", "base64url").toString("utf8")).kind);
}

function print(tally, options, seconds) {
  const rows = [...tally.counts].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [what, count] of rows) console.log(`${String(count).padStart(7)}  ${what}`);
  const kinds = [...tally.kinds].map(([kind, count]) => `${kind} ${count}`).join(", ");
  console.log(`\nkinds of requests: ${kinds}`);
  for (const { index, kind, wrong } of tally.findings.slice(0, 30))
    console.log(`FINDING request ${index} (${kind}): ${wrong.join("; ")}`);
  if (tally.findings.length > 0) console.log(`the bytes of the requests are in ${findingsFolder}`);
  console.log(`${options.requests} requests, seed ${options.seed}: ${tally.findings.length} findings (${seconds} s)`);
}

async function main() {
  const options = readOptions();
  const began = performance.now();
  rmSync(findingsFolder, { recursive: true, force: true });
  const world = await startEnvironment(root);
  const tally = createTally();
  try {
    const head = world.head();
    await fire(world, options, tally);
    await aftermath(world, head, tally);
  } finally {
    await world.stop();
    await world.cleanup();
  }
  print(tally, options, Math.round((performance.now() - began) / 1000));
  return tally.findings.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof TypeError && error.message === USAGE)) throw error;
  process.stderr.write(`${USAGE}\n`);
  process.exitCode = 2;
}

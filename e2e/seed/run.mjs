#!/usr/bin/env node
// npm run ci:seed: the pipeline of the seed document, exactly as written, against a signer that allows, refuses and is down.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawnProcess, tempDir } from "@seb/testkit";
import { parse, stringify } from "yaml";
import { installCommands, makeCheckout, readSteps, runPipeline } from "./pipeline.mjs";

const root = process.env.SEB_ROOT ?? fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const READY_TIMEOUT_MS = 40_000;

/** What each situation must end with: exit codes of the three steps, and the verdict that the broker counts. */
const SITUATIONS = [
  { name: "allow", exits: [0, 0, 0], verdict: "would_execute" },
  { name: "refuse", exits: [1, 1, 0], verdict: "no_certificate_refused" },
  { name: "signer down", exits: [3, 3, 0], verdict: "no_certificate_unreachable" },
];

const place = await tempDir("seb-seed-");
const seb = join(place.path, ".seb");
mkdirSync(join(place.path, "home"));
const dev = spawnProcess({
  command: process.execPath,
  args: [join(root, "apps", "dev", "dist", "main.js"), "--folder", seb, "--json"],
  env: { PATH: process.env.PATH, HOME: join(place.path, "home") },
  cwd: place.path,
});

async function verdicts(broker) {
  const text = await (await fetch(`${broker}/metrics`)).text();
  const found = [...text.matchAll(/^seb_verifications_total\{.*?verdict="([a-z_]+)".*?\} (\d+)$/gm)];
  return Object.fromEntries(found.map(([, verdict, count]) => [verdict, Number(count)]));
}

async function control(does, service) {
  const { control: at } = JSON.parse(readFileSync(join(seb, "dev.json"), "utf8"));
  const url = `${at.url}/v1/services/${service}/${does}`;
  const answer = await fetch(url, { method: "POST", headers: { authorization: `Bearer ${at.token}` } });
  if (!answer.ok) throw new Error(`${does} ${service}: ${answer.status}`);
}

function settingsFor(name) {
  const settings = parse(readFileSync(join(seb, "agent.yaml"), "utf8"));
  const file = join(seb, "attestations", "checkout.json");
  const evidence = name === "refuse" ? [] : [{ type: "attestation", file }];
  return stringify({ ...settings, key: join(seb, "keys", "agent.json"), evidence });
}

async function play(situation, github, steps, commands) {
  const folder = makeCheckout(join(place.path, `${situation.name}-${github}`), settingsFor(situation.name));
  const { results, succeeded } = await runPipeline({
    steps,
    checkout: folder,
    commands,
    home: join(place.path, "home"),
    ...(github ? { githubEnv: join(folder, "github-env") } : {}),
  });
  const exits = results.map(({ exit }) => exit);
  const deployed = succeeded && readFileSync(join(folder, "deployed"), "utf8") === "checkout us-east-1\n";
  const passed = deployed && exits.join() === situation.exits.join();
  console.log(`\n${situation.name}, ${github ? "with" : "without"} GITHUB_ENV: ${passed ? "as it must be" : "WRONG"}`);
  for (const { name, exit, ms, stdout, stderr } of results) {
    console.log(`  ${name}: exit ${exit} (${(ms / 1000).toFixed(1)} s)`);
    const lines = `${stdout}${stderr}`.trim().split("\n").slice(0, 4);
    for (const line of lines) if (line !== "") console.log(`    ${line.slice(0, 110)}`);
  }
  return passed;
}

async function main() {
  const [line] = await dev.waitForLine(/^\{"ready":true.*$/, READY_TIMEOUT_MS);
  const { urls } = JSON.parse(line);
  const commands = installCommands(root, join(place.path, "bin"));
  const steps = readSteps(join(root, "examples", "pipelines", "seed.yaml"));
  let passed = true;
  for (const situation of SITUATIONS) {
    if (situation.name === "signer down") await control("stop", "signer");
    for (const github of [true, false]) passed = (await play(situation, github, steps, commands)) && passed;
  }
  const counted = await verdicts(urls.broker);
  console.log("\ncounted apart at the broker:");
  for (const { verdict } of SITUATIONS) console.log(`  ${verdict}: ${counted[verdict] ?? 0}`);
  return passed && SITUATIONS.every(({ verdict }) => counted[verdict] === 2);
}

try {
  const passed = await main();
  console.log(passed ? "\nthe pipeline ran as written" : "\nthe pipeline did not run as written");
  process.exitCode = passed ? 0 : 1;
} finally {
  await dev.stop("SIGTERM", 15_000);
  await place.cleanup();
}

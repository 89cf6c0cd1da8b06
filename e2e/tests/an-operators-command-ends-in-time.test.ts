import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { blackHole, type CommandResult, type Endpoint, refusedPort, silentServer } from "@seb/testkit";
import { type Environment, startEnvironment } from "../harness/environment.js";
import { freshId } from "../harness/json.js";

const COMMAND_LIMIT_MS = 9000;
/** They mostly wait; many more at once would measure the machine. */
const AT_ONCE = 4;
const WHY = ["--reason", "a drill"];

let world: Environment;
beforeAll(async () => {
  world = await startEnvironment();
});
afterAll(() => world?.cleanup());

/** Every command of `seb` that asks a service, with that service at `url`. */
function commands(url: string, folder: string): readonly (readonly string[])[] {
  const [bundle = ""] = readdirSync(join(world.seb, "bundles"));
  const revocation = ["--revocation-url", url];
  return [
    ["revocations", ...revocation],
    ["revoke", "subject", "agent:oncall-v3", ...WHY, ...revocation],
    ["lift", "subject", "agent:oncall-v3", ...WHY, ...revocation],
    ["epoch", "raise", "global", ...WHY, ...revocation],
    ["resolve", freshId("c_"), "--state", "executed", ...WHY, "--broker-url", url],
    ["policy", "list", ...revocation],
    ["policy", "activate", ...WHY, ...revocation],
    ["policy", "rollback", bundle.slice(0, 12), ...WHY, ...revocation],
    ["approve", freshId("p_"), "--yes", "--signer-url", url],
    ["dev", "status", "--folder", folder],
    ["dev", "stop", "signer", "--folder", folder],
  ];
}

/** A dev folder whose control endpoint is at `url`. */
function devFolder(name: string, url: string): string {
  const folder = join(world.folder, name, ".seb");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "dev.json"), JSON.stringify({ control: { url, token: "t".repeat(43) } }));
  return folder;
}

async function inBatches(lines: readonly (readonly string[])[]): Promise<readonly CommandResult[]> {
  const results: CommandResult[] = [];
  for (let at = 0; at < lines.length; at += AT_ONCE) {
    const batch = lines.slice(at, at + AT_ONCE);
    results.push(...(await Promise.all(batch.map((line) => world.run("seb", [...line, "--json"])))));
  }
  return results;
}

/** `deadline_exceeded`: on a slow machine the policy tests of `policy activate` take their whole share of the time. */
const PLACES: readonly (readonly [name: string, open: () => Promise<Endpoint>, codes: RegExp])[] = [
  ["refuses connections", refusedPort, /^(?:unreachable|deadline_exceeded)$/],
  ["never takes a connection", blackHole, /^(?:unreachable|no_answer|deadline_exceeded)$/],
  ["takes what is sent and never answers", silentServer, /^(?:no_answer|deadline_exceeded)$/],
];

it.each(PLACES)("every command says that it could not ask a service that %s, within 9 s", async (name, open, codes) => {
  const place = await open();
  const url = `http://127.0.0.1:${place.port}`;
  const lines = commands(url, devFolder(name.replaceAll(" ", "-"), url));
  const results = await inBatches(lines);
  await place.close();
  const wrong = results.flatMap(({ code, ms, stdout, stderr }, at) => {
    const said = stdout.startsWith("{") ? String(JSON.parse(stdout).code) : "";
    const right = code === 3 && ms < COMMAND_LIMIT_MS && codes.test(said);
    return right ? [] : [{ line: lines[at]?.slice(0, 2).join(" "), code, ms, said, stderr }];
  });
  expect(wrong).toEqual([]);
});

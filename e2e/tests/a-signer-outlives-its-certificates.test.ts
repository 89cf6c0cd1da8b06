import { join } from "node:path";
import { afterAll, expect, it } from "@jest/globals";
import { runCommand, spawnProcess, type TempDir, tempDir } from "@seb/testkit";
import { BIN, DEV_MAIN, ROOT } from "../harness/build.js";
import { soak } from "../soak/soak.mjs";

const CERTIFICATES = 5000;
/** Slower than this, V8 might not optimize what it dies of. Of the fastest 1,000, as other tests may slow down the rest. */
const LEAST_PER_SECOND = 50;
const READY_TIMEOUT_MS = 40_000;
/** Tells which flags the product gives to V8. */
const FLAGS = new URL("../soak/flags.mjs", import.meta.url).href;
const FLAG = "soak: set --no-turbo-inline-js-wasm-calls\n";

const places: TempDir[] = [];
afterAll(async () => {
  for (const place of places) await place.cleanup();
});
async function folder(): Promise<string> {
  const place = await tempDir("seb-soak-");
  places.push(place);
  return place.path;
}

/** Each policy engine that is made sets the flag again; but for the progress of `seb dev`, nothing else is printed. */
function expectOnlyTheFlag(stderr: string): void {
  const lines = stderr.split(/(?<=\n)/).filter((line) => line !== "" && !line.startsWith("seb dev: "));
  expect([...new Set(lines)]).toEqual([FLAG]);
}

// Without the flag it dies on Node 20 and 22 after 1,300 to 7,500 certificates, as `npm run soak:signer -- --without-flag` shows.
it(`one signer process, started as users start it, issues ${CERTIFICATES} certificates and is ready afterwards`, async () => {
  const made = await soak({ root: ROOT, folder: await folder(), node: process.execPath, certificates: CERTIFICATES });
  expect(made).toMatchObject({ exit: undefined, failure: undefined, issued: CERTIFICATES, ready: true, stderr: "" });
  expect(made.peakPerSecond).toBeGreaterThanOrEqual(LEAST_PER_SECOND);
}, 240_000);

it("`seb dev` gives V8 the flag that keeps it alive", async () => {
  const cwd = await folder();
  const env = { PATH: process.env.PATH, HOME: cwd };
  const args = ["--import", FLAGS, DEV_MAIN, "--folder", join(cwd, ".seb"), "--json"];
  const dev = spawnProcess({ command: process.execPath, args, env, cwd });
  await dev.waitForLine(/^\{"ready":true.*$/, READY_TIMEOUT_MS);
  await dev.stop();
  expectOnlyTheFlag(dev.stderr());
});

it("so does the process of `seb policy test`, and the command prints no error", async () => {
  const cwd = await folder();
  const env = { PATH: process.env.PATH, HOME: cwd };
  const control = join(ROOT, "examples/control");
  const run = (...args: string[]) => runCommand({ command: process.execPath, args, env, cwd, timeoutMs: 60_000 });
  const told = await run("--import", FLAGS, join(ROOT, "apps/dev/dist/policy-test-main.js"), control);
  expect(told.code).toBe(0);
  expectOnlyTheFlag(told.stderr);
  const test = await run(BIN.seb, "policy", "test", "--control", control);
  expect(test).toMatchObject({ code: 0, stderr: "" });
});

import { describe, expect, it } from "@jest/globals";
import { runCommand, spawnProcess, tempDir, testClock } from "./index.js";

const readClocks = `JSON.stringify({
  now: Date.now(), date: new Date().getTime(), fixed: new Date(5).getTime(), text: typeof Date(),
  is: new Date() instanceof Date, made: new Date().constructor === Date, sub: new (class extends Date {})().getTime(), iso: new Date("2026-03-01T00:00:00Z").toISOString(),
  monotonic: performance.now(), hr: Number(process.hrtime.bigint() / 1000000n), hr0: process.hrtime()[0], since: process.hrtime(process.hrtime())[0] })`;

interface Clocks {
  now: number;
  date: number;
  fixed: number;
  text: string;
  is: boolean;
  made: boolean;
  sub: number;
  iso: string;
  monotonic: number;
  hr: number;
  hr0: number;
  since: number;
}

function isClocks(value: unknown): value is Clocks {
  return typeof value === "object" && value !== null && "now" in value;
}

function parse(text: string): Clocks {
  const value: unknown = JSON.parse(text);
  if (!isClocks(value)) throw new Error("not the clocks of a process");
  return value;
}

const hourMs = 3_600_000;
const near = (actualMs: number, expectedMs: number) => Math.abs(actualMs - expectedMs) < 5000;

describe("the clock preload", () => {
  it("shifts Date in every way it is read, and the monotonic clock apart from it", async () => {
    const dir = tempDir();
    const clock = testClock(dir.path);
    clock.set(hourMs, -60_000);
    const machineMs = Number(process.hrtime.bigint() / 1_000_000n);
    const result = await runCommand({
      command: process.execPath,
      args: ["-p", readClocks],
      env: { ...process.env, ...clock.env },
    });
    const clocks = parse(result.stdout);
    expect([clocks.now, clocks.date, clocks.sub].map((ms) => near(ms, Date.now() + hourMs))).toEqual([
      true,
      true,
      true,
    ]);
    expect(clocks).toMatchObject({
      fixed: 5,
      text: "string",
      is: true,
      made: true,
      iso: "2026-03-01T00:00:00.000Z",
      since: 0,
    });
    expect([
      near(clocks.monotonic, -60_000),
      near(clocks.hr, machineMs - 60_000),
      near(clocks.hr0 * 1000, machineMs - 60_000),
    ]).toEqual([true, true, true]);
    dir.cleanup();
  });

  it("follows the file while the process runs", async () => {
    const dir = tempDir();
    const clock = testClock(dir.path);
    const script =
      "const start = Date.now(); console.log('ready'); setInterval(() => { if (Date.now() - start > 3e6) { console.log('jumped'); process.exit(0); } }, 10)";
    const child = spawnProcess({
      command: process.execPath,
      args: ["-e", script],
      env: { ...process.env, ...clock.env },
    });
    await child.waitForLine(/ready/, 5000);
    clock.set(hourMs);
    await child.waitForLine(/jumped/, 5000);
    expect((await child.exited).code).toBe(0);
    dir.cleanup();
  });

  it("changes nothing without its variable", async () => {
    const dir = tempDir();
    const env = { ...process.env, NODE_OPTIONS: testClock(dir.path).env.NODE_OPTIONS };
    const { stdout } = await runCommand({ command: process.execPath, args: ["-p", readClocks], env });
    expect(near(parse(stdout).now, Date.now())).toBe(true);
    dir.cleanup();
  });
});

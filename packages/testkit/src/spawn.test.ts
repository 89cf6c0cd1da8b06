import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "@jest/globals";
import { killAll, runCommand, spawnProcess, tempDir } from "./index.js";

const node = process.execPath;
const dir = tempDir();
afterAll(() => {
  killAll();
  dir.cleanup();
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A reaped zombie may take a moment to disappear. */
async function isGone(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 40 && isAlive(pid); attempt += 1) await sleep(50);
  return !isAlive(pid) || readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
}

describe("spawnProcess", () => {
  it("finds a line of either output, earlier or later, and keeps a log", async () => {
    const logFile = join(dir.path, "log");
    const script =
      "console.log('first'); setTimeout(() => console.error('listening on 1234'), 100); setInterval(() => {}, 1000)";
    const started = spawnProcess({ command: node, args: ["-e", script], logFile });
    const match = await started.waitForLine(/listening on (\d+)/g, 5000);
    expect(match[1]).toBe("1234");
    expect((await started.waitForLine(/^first$/, 5000))[0]).toBe("first");
    expect(await started.stop()).toEqual({ code: null, signal: "SIGTERM" });
    expect([started.stdout(), started.stderr(), readFileSync(logFile, "utf8").length]).toEqual([
      "first\n",
      "listening on 1234\n",
      24,
    ]);
  });

  it("rejects the wait when the process ends or time is up", async () => {
    const ending = spawnProcess({ command: node, args: ["-e", "process.exit(3)"] });
    await expect(ending.waitForLine(/never/, 5000)).rejects.toThrow(/before it ended \(3\)/);
    expect(await ending.exited).toEqual({ code: 3, signal: null });
    const silent = spawnProcess({ command: node, args: ["-e", "setInterval(() => {}, 1000)"] });
    await expect(silent.waitForLine(/never/, 100)).rejects.toThrow(/within 100 ms/);
    expect(await silent.kill9()).toEqual({ code: null, signal: "SIGKILL" });
  });

  it("ends the whole group, also one that ignores the signal", async () => {
    const script = `process.on("SIGTERM", () => {});
      const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
      console.log("child " + child.pid); setInterval(() => {}, 1000);`;
    const stubborn = spawnProcess({ command: node, args: ["-e", script] });
    const pid = Number((await stubborn.waitForLine(/child (\d+)/, 5000))[1]);
    expect(await stubborn.stop("SIGTERM", 200)).toEqual({ code: null, signal: "SIGKILL" });
    expect(await isGone(pid)).toBe(true);
  });

  it("gives the child exactly the environment asked for", async () => {
    const script = "console.log(Object.keys(process.env).sort().join())";
    const started = spawnProcess({ command: node, args: ["-e", script], env: { ONE: "1", TWO: undefined } });
    await started.exited;
    expect(started.stdout()).toBe("ONE\n");
  });

  it("ends with 127 when there is no such command", async () => {
    const started = spawnProcess({ command: join(dir.path, "absent") });
    expect(await started.exited).toEqual({ code: 127, signal: null });
  });

  it("leaves nothing behind when its own process exits", async () => {
    const source = new URL("./process-group.ts", import.meta.url).pathname;
    const compiled = join(dir.path, "group.mjs");
    const build = `require("@swc/core").transformFile(${JSON.stringify(source)}, { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, swcrc: false })
      .then(({ code }) => require("node:fs").writeFileSync(${JSON.stringify(compiled)}, code))`;
    expect((await runCommand({ command: node, args: ["-e", build] })).code).toBe(0);
    const script = `import { track } from ${JSON.stringify(compiled)}; import { spawn } from "node:child_process";
      const start = () => { const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" }); track(child); return child; };
      const [one, two] = [start(), start()]; console.log(one.pid + " " + two.pid);
      setTimeout(() => process.kill(process.pid, process.argv[1]), 100);`;
    for (const signal of ["SIGTERM", "SIGKILL"]) {
      const { stdout } = await runCommand({ command: node, args: ["--input-type=module", "-e", script, signal] });
      const pids = stdout.trim().split(" ").map(Number);
      expect(pids).toHaveLength(2);
      expect(await Promise.all(pids.map(isGone))).toEqual([true, true]);
    }
  });
});

describe("runCommand", () => {
  it("answers code, outputs and time", async () => {
    const script = "process.stdin.pipe(process.stdout); console.error('e'); process.exitCode = 4";
    const result = await runCommand({ command: node, args: ["-e", script], input: "text" });
    expect(result).toMatchObject({ code: 4, stdout: "text", stderr: "e\n", timedOut: false });
    expect(result.ms).toBeGreaterThan(0);
  });

  it("kills what takes too long", async () => {
    const result = await runCommand({ command: node, args: ["-e", "setInterval(() => {}, 1000)"], timeoutMs: 200 });
    expect(result).toMatchObject({ code: null, timedOut: true });
    expect(result.ms).toBeLessThan(5000);
  });

  it("survives a command that reads no input or does not exist", async () => {
    const input = "x".repeat(1_000_000);
    expect((await runCommand({ command: node, args: ["-e", "0"], input })).code).toBe(0);
    expect((await runCommand({ command: join(dir.path, "absent"), input })).code).toBe(127);
  });
});

describe("tempDir", () => {
  it("makes distinct private folders and deletes them", () => {
    const [one, two] = [tempDir("a-"), tempDir("a-")];
    expect(one.path).not.toBe(two.path);
    one.cleanup();
    two.cleanup();
    expect([existsSync(one.path), existsSync(two.path)]).toEqual([false, false]);
  });
});

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { root } from "./process.mjs";

/** How long jest may live after it has reported, in milliseconds: longer means that a test left something open. */
const exitGraceMs = 20_000;

/**
 * Runs jest and answers one row `{suite, test, status, ms}` per test. A file that could not run, a run without any test,
 * a jest that dies or does not end are failed rows.
 * @param {{name: string, config: string, args?: string[], env?: Record<string, string>, suffix?: string, mayBeEmpty?: boolean}} run
 *   `config` relative to the repository; `args` go to jest; `env` joins this process's; `suffix` ends each suite's name; `mayBeEmpty`:
 *   a run without any test is none the worse.
 */
export async function runJest({ name, config, args = [], env = {}, suffix = "", mayBeEmpty = false }) {
  const outputFile = join(root, "reports", `jest-${name}-${process.pid}.json`);
  mkdirSync(join(root, "reports"), { recursive: true });
  const started = performance.now();
  const end = await spawnJest(outputFile, config, args, env);
  const report = existsSync(outputFile) ? JSON.parse(readFileSync(outputFile, "utf8")) : undefined;
  rmSync(outputFile, { force: true });

  const rows = (report?.testResults ?? []).flatMap((file) => rowsOfFile(file, suffix));
  const failRun = (test) => {
    console.log(`  FAIL  ${test}`);
    rows.push({ suite: `${name}${suffix}`, test, status: "failed", ms: Math.round(performance.now() - started) });
  };
  if (report === undefined) failRun(`jest ended (${end}) without a report`);
  else if (rows.length === 0 && !mayBeEmpty) failRun("no test was run");
  else if (end !== "exit code 0" && rows.every(({ status }) => status !== "failed")) failRun(`jest failed: ${end}`);
  return rows;
}

function spawnJest(outputFile, config, args, env) {
  const reporter = join(root, "infra", "jest-reporter.mjs");
  const child = spawn(
    process.execPath,
    [
      join(root, "node_modules", "jest", "bin", "jest.js"),
      `--config=${join(root, config)}`,
      // First, because it takes every plain argument up to the next option.
      `--reporters=${reporter}`,
      "--json",
      `--outputFile=${outputFile}`,
      // So that a run without tests still leaves a report; it is a failed row below.
      "--passWithNoTests",
      ...args,
    ],
    {
      cwd: root,
      // Of its own group, so that a jest which does not end can be ended with its workers.
      detached: true,
      // With --json jest prints the whole report on its standard output: the reporter writes to standard error instead.
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...env, NODE_OPTIONS: nodeOptions(), FORCE_COLOR: "0" },
    },
  );
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (!line.startsWith("Test results written to:")) console.log(line);
  });
  return untilEnd(child, outputFile);
}

function nodeOptions() {
  const own = "--experimental-vm-modules --disable-warning=ExperimentalWarning";
  const given = process.env.NODE_OPTIONS ?? "";
  return given.includes("--experimental-vm-modules") ? given : `${given} ${own}`.trim();
}

function untilEnd(child, outputFile) {
  const killGroup = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It has ended already.
    }
  };
  const stop = (signal) => killGroup(signal);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);
  let reportedAtMs;
  let overdue = false;
  const watch = setInterval(() => {
    if (!existsSync(outputFile)) return;
    reportedAtMs ??= performance.now();
    if (performance.now() - reportedAtMs < exitGraceMs) return;
    overdue = true;
    killGroup("SIGKILL");
  }, 500);
  return new Promise((resolve) => {
    const settle = (end) => {
      clearInterval(watch);
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.off(signal, stop);
      resolve(end);
    };
    child.once("error", (error) => settle(error.message));
    child.once("close", (code, signal) => {
      killGroup("SIGKILL");
      if (overdue) settle(`it was still running ${exitGraceMs / 1000} s after the last test: something was left open`);
      else settle(signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
  });
}

function rowsOfFile(file, suffix) {
  const suite = `${relative(root, file.name)}${suffix}`;
  if (file.assertionResults.length === 0) {
    if (file.status !== "failed") return [];
    return [
      { suite, test: "the file can be loaded", status: "failed", ms: Math.max(0, file.endTime - file.startTime) },
    ];
  }
  return file.assertionResults.map(({ fullName, status, duration }) => ({
    suite,
    test: fullName,
    status: status === "passed" || status === "failed" ? status : "skipped",
    ms: Math.round(duration ?? 0),
  }));
}

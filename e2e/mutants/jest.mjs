import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TIMEOUT_MS = 400_000;
/** What the harness says when the services of a copy never came up. */
const NOT_STARTED = "no line like";
const live = new Set();

/** Ends every run that is under way; the tests' own processes end with theirs. */
export function endAll() {
  for (const pid of live) killGroup(pid);
}

function killGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

/**
 * Runs one test file against the build in `copy`. `environment`: "embedded" or "real", over one process or over Redis and NATS.
 * @returns `{verdict: "passed" | "failed" | "not-started" | "timed-out" | "nothing-ran", failed: string[], ms}`
 */
export async function runTests({ root, copy, test, filter, environment }) {
  const scratch = mkdtempSync(join(tmpdir(), "seb-mutant-"));
  const report = join(scratch, "report.json");
  const began = performance.now();
  try {
    const ended = await jest({ root, copy, test, filter, environment, report, scratch });
    return { ...judge(ended, report), ms: Math.round(performance.now() - began) };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function jest({ root, copy, test, filter, environment, report, scratch }) {
  const child = spawn(
    process.execPath,
    [
      join(root, "node_modules", "jest", "bin", "jest.js"),
      `--config=${join(root, "infra", "jest.e2e.config.mjs")}`,
      "--json",
      `--outputFile=${report}`,
      "--runInBand",
      ...(filter === undefined ? [] : [`--testNamePattern=${filter}`]),
      "--runTestsByPath",
      join(root, "e2e", "tests", `${test}.test.ts`),
    ],
    {
      cwd: root,
      detached: true,
      stdio: "ignore",
      env: {
        ...process.env,
        SEB_ROOT: copy,
        SEB_ENV: environment,
        TMPDIR: scratch,
        NODE_OPTIONS: "--experimental-vm-modules --disable-warning=ExperimentalWarning",
      },
    },
  );
  live.add(child.pid);
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      killGroup(child.pid);
      resolve("timed-out");
    }, TIMEOUT_MS);
    child.once("close", () => {
      clearTimeout(timer);
      killGroup(child.pid);
      live.delete(child.pid);
      resolve("ended");
    });
  });
}

function judge(ended, report) {
  if (ended === "timed-out") return { verdict: "timed-out", failed: [] };
  if (!existsSync(report)) return { verdict: "not-started", failed: ["jest ended without a report"] };
  const { testResults } = JSON.parse(readFileSync(report, "utf8"));
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failing = results.filter(({ status }) => status === "failed");
  const failed = failing.map(({ title }) => title);
  if (failing.length > 0) {
    const never = failing.every(({ failureMessages }) => failureMessages.join("\n").includes(NOT_STARTED));
    return { verdict: never ? "not-started" : "failed", failed };
  }
  if (testResults.some(({ status }) => status === "failed"))
    return { verdict: "not-started", failed: ["the test file could not be loaded"] };
  return { verdict: results.some(({ status }) => status === "passed") ? "passed" : "nothing-ran", failed: [] };
}

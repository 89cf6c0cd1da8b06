// One line per test file as it ends, and what a failing test said. Standard error: with --json, jest keeps standard output for itself.
import { relative } from "node:path";

const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

/** A stack frame of the test runner itself says nothing about the failure. */
const runnerFrame = /^ +at .*node_modules\/(?:jest-circus|jest-runner|jest-runtime)\//;

export default class CompactReporter {
  constructor(globalConfig) {
    this.rootDir = globalConfig.rootDir;
    this.failed = false;
  }

  onTestResult(test, result) {
    const { numPassingTests: passed, numFailingTests: failed, numPendingTests: pending, numTodoTests: todo } = result;
    const broken = failed > 0 || result.testExecError !== undefined;
    this.failed ||= broken;
    const seconds = ((result.perfStats.end - result.perfStats.start) / 1000).toFixed(1);
    const counts = [
      `${passed} passed`,
      ...(failed > 0 ? [`${failed} failed`] : []),
      ...(pending + todo > 0 ? [`${pending + todo} skipped`] : []),
    ];
    this.print(
      `  ${broken ? "FAIL" : "pass"}  ${relative(process.cwd(), test.path)}  ${counts.join(", ")}  ${seconds} s`,
    );
    if (!broken) return;
    if (result.testResults.length === 0)
      this.print(result.failureMessage ?? result.testExecError?.message ?? "the file could not be loaded");
    for (const { fullName, failureMessages, status } of result.testResults) {
      if (status === "failed") this.print([`    ✗ ${fullName}`, ...failureMessages].join("\n"));
    }
    for (const { type, message } of result.console ?? []) this.print(`    console.${type}: ${message}`);
  }

  getLastError() {
    return this.failed ? new Error("a test failed") : undefined;
  }

  print(text) {
    const lines = text.replaceAll(escapes, "").trimEnd().split("\n");
    process.stderr.write(`${lines.filter((line) => !runnerFrame.test(line)).join("\n")}\n`);
  }
}

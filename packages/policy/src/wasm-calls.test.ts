import { spawnSync } from "node:child_process";
import { describe, expect, it } from "@jest/globals";
import { inlinesWasmCalls, NO_INLINED_WASM_CALLS } from "./wasm-calls.js";

describe("a V8 that inlines calls of WebAssembly and knows the flag that stops it", () => {
  it.each([
    ["Node 18", "10.2.154.26-node.36"],
    ["Node 20", "11.3.244.8-node.38"],
    ["Node 22", "12.4.254.21-node.57"],
    ["Node 24", "13.6.233.17-node.53"],
    ["Node 26", "14.6.202.34-node.34"],
    ["a lower minor number of more digits", "13.10.1"],
    ["a lower major number", "2.14.7"],
    ["two numbers alone", "14.6"],
  ])("is that of %s, %s", (_which, version) => {
    expect(inlinesWasmCalls(version)).toBe(true);
  });

  it.each(["14.7.1", "14.10.0", "15.0.1", "20.1.0", "100.0.1"])("is not %s, which was not tried", (version) => {
    expect(inlinesWasmCalls(version)).toBe(false);
  });

  it.each(["", "node", "12", "v11.3", "-1.0"])("is not %p, which is no version", (version) => {
    expect(inlinesWasmCalls(version)).toBe(false);
  });
});

describe("the flag", () => {
  /** Sets a flag in a process of its own; answers what that prints on the standard error. */
  function setIn(flag: string): string {
    const text = `require("node:v8").setFlagsFromString(${JSON.stringify(flag)})`;
    const { status, stderr } = spawnSync(process.execPath, ["-e", text], { encoding: "utf8", env: {} });
    expect(status).toBe(0);
    return stderr;
  }

  it("is known to this V8 if it is set here, and prints nothing", () => {
    const flags = inlinesWasmCalls(process.versions.v8) ? [NO_INLINED_WASM_CALLS] : [];
    expect(flags.map(setIn).join("")).toBe("");
  });

  it("would print an error where V8 does not know it", () => {
    expect(setIn(`${NO_INLINED_WASM_CALLS}-at-all`)).toMatch(/unrecognized flag/);
  });
});

import { spawnSync } from "node:child_process";
import { describe, expect, it } from "@jest/globals";
import { diesOfInlinedWasmCalls, NO_INLINED_WASM_CALLS } from "./wasm-calls.js";

describe("a V8 that dies of inlined calls of WebAssembly", () => {
  it.each(["11.3.244.8-node.38", "9.4.146.26", "10.2.154.26-node.36", "12.3.219.16", "12.0", "2.12.4", "11.12.4"])(
    "is %s",
    (version) => {
      expect(diesOfInlinedWasmCalls(version)).toBe(true);
    },
  );

  it.each(["12.4.254.21-node.57", "12.10.1", "12.4", "13.6.233.17-node.53", "20.1.0", "100.0.1"])(
    "is not %s",
    (version) => {
      expect(diesOfInlinedWasmCalls(version)).toBe(false);
    },
  );

  it.each(["", "node", "12", "v11.3", "-1.0"])("is not %p, which is no version", (version) => {
    expect(diesOfInlinedWasmCalls(version)).toBe(false);
  });

  it("is that of Node 20 and older alone", () => {
    const [node = ""] = process.versions.node.split(".");
    expect(diesOfInlinedWasmCalls(process.versions.v8)).toBe(Number(node) < 22);
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

  it("is known to each V8 that needs it, which prints nothing", () => {
    const flags = diesOfInlinedWasmCalls(process.versions.v8) ? [NO_INLINED_WASM_CALLS] : [];
    expect(flags.map(setIn).join("")).toBe("");
  });

  it("would print an error where V8 does not know it", () => {
    expect(setIn(`${NO_INLINED_WASM_CALLS}-at-all`)).toMatch(/unrecognized flag/);
  });
});

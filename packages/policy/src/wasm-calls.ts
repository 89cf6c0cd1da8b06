import { setFlagsFromString } from "node:v8";

/** Keeps V8 from inlining calls of WebAssembly into JavaScript. */
export const NO_INLINED_WASM_CALLS = "--no-turbo-inline-js-wasm-calls";

/** The newest V8 that was seen to know the flag: Node 26 brings it. */
const KNOWN_UNTIL = { major: 14, minor: 6 } as const;

/**
 * Does this V8 inline calls of WebAssembly, and know the flag that stops it?
 *
 * V8 11.3 and 12.4 (Node 20 and 22) abort with "unreachable code" (`DoComputeBuiltinContinuation`) when they lazily deoptimize a function
 * into which they inlined such a call: a signal that no `catch` sees. Each decision calls Cedar, which is WebAssembly, so a signer would
 * end after some thousand certificates. That a newer V8 was not seen to die is no proof that it cannot, and the flag costs nothing.
 *
 * @param version `process.versions.v8`, e.g. `11.3.244.8-node.38`. False for a text that does not begin with two numbers.
 */
export function inlinesWasmCalls(version: string): boolean {
  const [, major = "", minor = ""] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === "") return false;
  return (
    Number(major) < KNOWN_UNTIL.major || (Number(major) === KNOWN_UNTIL.major && Number(minor) <= KNOWN_UNTIL.minor)
  );
}

/**
 * Makes calls of WebAssembly safe in this process: call it before the first decision, because what V8 optimized earlier stays as it is.
 * It does nothing where V8 might not know the flag: such a V8 prints an error on the standard error.
 */
export function makeWasmCallsSafe(): void {
  if (inlinesWasmCalls(process.versions.v8)) setFlagsFromString(NO_INLINED_WASM_CALLS);
}

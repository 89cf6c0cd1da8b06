import { setFlagsFromString } from "node:v8";

/** Keeps V8 from inlining calls of WebAssembly into JavaScript. */
export const NO_INLINED_WASM_CALLS = "--no-turbo-inline-js-wasm-calls";

/** The first V8 that survives the deoptimization of such a call: Node 22 brings it. */
const SOUND_SINCE = { major: 12, minor: 4 } as const;

/**
 * Can this V8 end the process when it gives up the optimized code of a function into which it inlined a call of WebAssembly?
 *
 * V8 11.3 (Node 20) aborts at such a lazy deoptimization with "unreachable code" (`DoComputeBuiltinContinuation`), a signal that no
 * `catch` sees. Each decision calls Cedar, which is WebAssembly, so a signer would end after some thousand certificates.
 *
 * @param version `process.versions.v8`, e.g. `11.3.244.8-node.38`. False for a text that does not begin with two numbers.
 */
export function diesOfInlinedWasmCalls(version: string): boolean {
  const [, major = "", minor = ""] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === "") return false;
  return (
    Number(major) < SOUND_SINCE.major || (Number(major) === SOUND_SINCE.major && Number(minor) < SOUND_SINCE.minor)
  );
}

/**
 * Makes calls of WebAssembly safe in this process: call it before the first decision, because what V8 optimized earlier stays as it is.
 * It does nothing where V8 is sound: a V8 that does not know a flag prints an error on the standard error.
 */
export function makeWasmCallsSafe(): void {
  if (diesOfInlinedWasmCalls(process.versions.v8)) setFlagsFromString(NO_INLINED_WASM_CALLS);
}

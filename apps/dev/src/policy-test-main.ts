import { CODES } from "@seb/schema";
import { packControl } from "./setup/control.js";

/** `policy-test-main.js DIR`: packs a control folder, compiles its policies and runs their tests. One JSON line says how it went. */
async function main(): Promise<number> {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) return 2;
  const packed = await packControl(folder);
  const answer = packed.ok
    ? { ok: true, digest: packed.value.bundle.digest, tests: packed.value.bundle.policyTests.length }
    : { ok: false, error: packed.error };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  return packed.ok ? 0 : CODES[packed.error.code].exit;
}

process.exitCode = await main();

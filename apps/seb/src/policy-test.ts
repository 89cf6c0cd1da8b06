import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail, ok, type Result } from "@seb/schema";
import { type Packed, packFolder } from "./control-folder.js";
import { devMain, runCaptured } from "./dev-process.js";
import type { Refused } from "./outcome.js";
import { judged } from "./policy-test-answer.js";
import { writeWhole } from "./write-file.js";

/** `seb policy test` and `seb config check` ask no service: as long as Cedar and many tests may take, in milliseconds. */
export const TEST_TIMEOUT_MS = 60_000;

/** A control folder that was packed, compiled by Cedar, and whose own tests passed. */
export interface Tested extends Packed {
  readonly tests: number;
}

/** The engine is a part of the build that is not always there. */
export const canCompile = (): boolean => devMain("policy-test-main") !== undefined;

type Judged<T> = Result<T> | { readonly ok: false; readonly error: Refused };

/**
 * Packs a folder, compiles its policies with Cedar and runs their tests, in a process of its own: this command line holds no
 * policy engine. What is tested is a copy of exactly what was packed, whatever happens to the folder meanwhile.
 *
 * @returns `bundle_unreadable` or `catalogue_invalid` for anything that is wrong with the folder.
 */
export async function testFolder(folder: string, timeoutMs: number): Promise<Judged<Tested>> {
  const packed = packFolder(folder);
  if (!packed.ok) return packed;
  const main = devMain("policy-test-main");
  if (main === undefined) return fail("setting_missing", "the build of apps/dev is missing: run npm run build");
  const copy = mkdtempSync(join(tmpdir(), "seb-policy-test-"));
  try {
    for (const [path, text] of Object.entries(packed.value.contents)) writeWhole(join(copy, path), text);
    const ran = await runCaptured(main, [copy], timeoutMs);
    const tests = judged(packed.value.digest, ran, timeoutMs);
    return tests.ok ? ok({ ...packed.value, tests: tests.value }) : tests;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

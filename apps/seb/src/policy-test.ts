import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CODES, type Code, closed, fail, MAX_MISTAKES, ok, type Result, validate } from "@seb/schema";
import Type from "typebox";
import { type Packed, packFolder } from "./control-folder.js";
import { devMain, runCaptured } from "./dev-process.js";
import type { Refused } from "./outcome.js";
import { writeWhole } from "./write-file.js";

/** `seb policy test` and `seb config check` ask no service: as long as Cedar and many tests may take, in milliseconds. */
export const TEST_TIMEOUT_MS = 60_000;

/** A control folder that was packed, compiled by Cedar, and whose own tests passed. */
export interface Tested extends Packed {
  readonly tests: number;
}

/** The engine is a part of the build that is not always there. */
export const canCompile = (): boolean => devMain("policy-test-main") !== undefined;

/** As the process prints them: {@link Mistake}. */
const Mistakes = Type.Array(
  closed({
    file: Type.String(),
    field: Type.Optional(Type.String()),
    line: Type.Optional(Type.Integer()),
    column: Type.Optional(Type.Integer()),
    found: Type.String(),
    expected: Type.String(),
    near: Type.Optional(Type.Array(Type.String())),
  }),
  { maxItems: MAX_MISTAKES },
);

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
    return judged(packed.value, await runCaptured(main, [copy], timeoutMs), timeoutMs);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function judged(packed: Packed, ran: Awaited<ReturnType<typeof runCaptured>>, timeoutMs: number): Judged<Tested> {
  if (ran.late) {
    const late = fail("deadline_exceeded", `the policy tests did not end within ${Math.round(timeoutMs)} ms`).error;
    const remedy = "Try again; seb policy test takes its time and says how the tests end.";
    return { ok: false, error: { ...late, remedy } };
  }
  const answer = membersOf(jsonOf(ran.stdout));
  const tests = answer.get("tests");
  if (ran.exit === 0 && answer.get("digest") === packed.digest && typeof tests === "number")
    return ok({ ...packed, tests });
  const error = membersOf(answer.get("error"));
  const [code, detail] = [error.get("code"), error.get("detail")];
  const mistakes = validate(Mistakes, error.get("mistakes") ?? [], "internal");
  if (typeof code !== "string" || typeof detail !== "string")
    return fail("internal", `the policy tests did not run: their process ended with ${ran.exit}`);
  const known = mistakes.ok && mistakes.value.length > 0 ? { mistakes: mistakes.value } : {};
  return { ok: false, error: { ...aboutFolder(code, detail), ...known } };
}

const REMEDY = "Correct the policy or the policy test that the detail names, then run seb policy test.";

/** To the engine the folder is a bundle like the active one; to whoever runs its tests it is a folder to correct. */
function aboutFolder(code: string, detail: string): Refused {
  if (code === "bundle_invalid") return { code: "bundle_unreadable", detail, remedy: REMEDY };
  return { code: isCode(code) ? code : "internal", detail };
}

const isCode = (code: string): code is Code => Object.hasOwn(CODES, code);

/** Undefined for what is not JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const membersOf = (value: unknown): ReadonlyMap<string, unknown> =>
  new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);

import { CODES, type Code, closed, fail, failMistakes, MAX_MISTAKES, ok, type Result, validate } from "@seb/schema";
import Type, { type Static } from "typebox";
import type { runCaptured } from "./dev-process.js";
import type { Refused } from "./outcome.js";

const Passed = closed({ ok: Type.Literal(true), digest: Type.String(), tests: Type.Integer() });
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
const Failed = Type.Object({
  error: Type.Object({
    code: Type.String(),
    detail: Type.String(),
    mistakes: Type.Optional(Mistakes),
    facts: Type.Optional(Type.Object({ mistakes: Type.Optional(Type.Integer()) })),
  }),
});

type Judged<T> = Result<T> | { readonly ok: false; readonly error: Refused };

/** What the process that runs policy tests said of a bundle: how many tests passed, or its failure with every mistake that it listed. */
export function judged(
  digest: string,
  ran: Awaited<ReturnType<typeof runCaptured>>,
  timeoutMs: number,
): Judged<number> {
  if (ran.late) {
    const late = fail("deadline_exceeded", `the policy tests did not end within ${Math.round(timeoutMs)} ms`).error;
    const remedy = "Try again; seb policy test takes its time and says how the tests end.";
    return { ok: false, error: { ...late, remedy } };
  }
  const answer = jsonOf(ran.stdout);
  const passed = validate(Passed, answer, "internal");
  if (ran.exit === 0 && passed.ok && passed.value.digest === digest) return ok(passed.value.tests);
  const failed = validate(Failed, answer, "internal");
  if (failed.ok) return { ok: false, error: aboutFolder(failed.value.error) };
  return fail("internal", `the policy tests did not run: their process ended with ${ran.exit}`);
}

const REMEDY = "Correct what the mistakes name in the policy or the policy test, then run seb policy test.";

/** To the engine the folder is a bundle like the active one; to whoever runs its tests it is a folder to correct. */
function aboutFolder({ code, detail, mistakes = [], facts }: Static<typeof Failed>["error"]): Refused {
  const known = code === "bundle_invalid" ? "bundle_unreadable" : isCode(code) ? code : "internal";
  const [first, ...more] = mistakes;
  const { error } = first === undefined ? fail(known, detail) : failMistakes(known, [first, ...more], facts?.mistakes);
  return known === "bundle_unreadable" ? { ...error, remedy: REMEDY } : error;
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

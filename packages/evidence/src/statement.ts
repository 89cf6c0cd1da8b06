import { readJson } from "@seb/canonical";
import { fail, ok, type Result, validate } from "@seb/schema";
import Type, { type Static } from "typebox";

const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
/** Predicate types that state a test result; both carry `result` and `finishedOn`. */
const TEST_RESULT_TYPES: readonly string[] = [
  "https://seb.dev/attestation/test-result/v1",
  "https://in-toto.io/attestation/test-result/v0.1",
];

// Statements come from build systems: further members are theirs and mean nothing here.
const open = { additionalProperties: true };
const Statement = Type.Object(
  {
    _type: Type.Literal(STATEMENT_TYPE),
    subject: Type.Array(
      Type.Object({ name: Type.String({ maxLength: 300 }), digest: Type.Record(Type.String(), Type.String()) }, open),
      { minItems: 1, maxItems: 64 },
    ),
    predicateType: Type.String({ maxLength: 200 }),
    predicate: Type.Object({}, open),
  },
  open,
);
const TestResult = Type.Object(
  {
    result: Type.Union([Type.Literal("PASSED"), Type.Literal("WARNED"), Type.Literal("FAILED")]),
    finishedOn: Type.String({
      maxLength: 40,
      pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})$",
    }),
  },
  open,
);
export type Statement = Static<typeof Statement>;

/** A test result with the statement that carries it. */
export interface TestStatement {
  readonly statement: Statement;
  readonly result: "PASSED" | "WARNED" | "FAILED";
  readonly finishedOnMs: number;
}

/** Reads an in-toto v1 statement with a test result as its predicate. The detail says what is wrong, without quoting. */
export function readTestStatement(payload: Uint8Array): Result<TestStatement, "request_invalid"> {
  const json = readJson(payload, { maxBytes: 65_536, maxDepth: 32 });
  if (!json.ok) return fail("request_invalid", "the statement is not strict JSON");
  const statement = validate(Statement, json.value, "request_invalid");
  if (!statement.ok) return fail("request_invalid", "the payload is not an in-toto v1 statement");
  if (!TEST_RESULT_TYPES.includes(statement.value.predicateType))
    return fail("request_invalid", "the predicate is not a test result");
  const predicate = validate(TestResult, statement.value.predicate, "request_invalid");
  if (!predicate.ok) return fail("request_invalid", "the predicate lacks its result or the time it was finished on");
  const finishedOnMs = Date.parse(predicate.value.finishedOn);
  if (!Number.isFinite(finishedOnMs)) return fail("request_invalid", "the time of the test result is no date");
  return ok({ statement: statement.value, result: predicate.value.result, finishedOnMs });
}

/** True when one subject has both this name and this sha256 digest (`sha256:<hex>`). */
export function isAbout(statement: Statement, name: string, digest: string): boolean {
  return statement.subject.some(
    (subject) =>
      subject.name === name && Object.hasOwn(subject.digest, "sha256") && `sha256:${subject.digest.sha256}` === digest,
  );
}

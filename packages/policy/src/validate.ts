import { type Clause, type DetailedError, type Expr, policyToText, validate } from "@cedar-policy/cedar-wasm/nodejs";
import type { Mistake } from "@seb/schema";
import { mistakeOf } from "./cedar-mistakes.js";
import { shownAt, withoutComments } from "./place.js";
import { type PolicySource, placeIn } from "./read.js";

const NEVER = "a rule that some request can meet";

/** One finding of Cedar's validator about the policy at an index. */
interface Found {
  readonly index: number;
  readonly error: DetailedError;
}

/**
 * Validates policies in strict mode against the schema. Warnings count: a policy that can never apply is a mistake, and so is each of its
 * conditions that can never hold.
 */
export function invalidPolicies(schema: string, policies: readonly PolicySource[]): Mistake[] {
  const { errors, warnings, other } = run(
    schema,
    policies.map(({ text }) => text),
  );
  const erring = new Set(errors.map(({ index }) => index));
  const sound = policies.map((policy, index) => ({ policy, index })).filter(({ index }) => !erring.has(index));
  const conditions = deadConditions(schema, sound);
  const explained = new Set([...erring, ...conditions.map(({ index }) => index)]);
  return [
    ...other.map((error) => mistakeOf("policy", "", error)),
    ...errors.filter(({ error }) => !isUnknownAction(error)).flatMap((found) => fromCedar(policies, found)),
    ...conditions.map(({ mistake }) => mistake),
    ...warnings.filter(({ index }) => !explained.has(index)).flatMap((found) => fromCedar(policies, found)),
  ];
}

/** Actions are named with what is near by the check of all names. */
const isUnknownAction = ({ message }: DetailedError) => /unrecognized action/.test(message);
const isNever = ({ message }: DetailedError) =>
  /policy is impossible|unable to find an applicable action/.test(message);

function fromCedar(policies: readonly PolicySource[], { index, error }: Found): Mistake[] {
  const policy = policies[index];
  if (policy === undefined) return [];
  const { file, fileText, start } = policy;
  if (!isNever(error)) return [mistakeOf(file, fileText, error, start)];
  const head = policy.text.search(/\b(?:permit|forbid)\b/);
  const found = `a ${policy.json.effect} that can never apply`;
  return [
    {
      file,
      ...placeIn(policy, Buffer.byteLength(policy.text.slice(0, Math.max(0, head)), "utf8")),
      found,
      expected: NEVER,
    },
  ];
}

function run(schema: string, policies: readonly (string | Parameters<typeof policyToText>[0])[]) {
  const staticPolicies = Object.fromEntries(policies.map((policy, index) => [`p${index}`, policy]));
  const answer = validate({ validationSettings: { mode: "strict" }, schema, policies: { staticPolicies } });
  if (answer.type === "failure") return { errors: [], warnings: [], other: answer.errors };
  const numbered = (found: readonly { readonly policyId: string; readonly error: DetailedError }[]) =>
    found.map(({ policyId, error }): Found => ({ index: Number(policyId.slice(1)), error }));
  return {
    errors: numbered(answer.validationErrors),
    warnings: numbered(answer.validationWarnings),
    other: answer.otherWarnings,
  };
}

interface Condition {
  readonly index: number;
  readonly policy: PolicySource;
  readonly expression: Expr;
  /** Conditions that this one is made of. */
  readonly parts: readonly Condition[];
}

/** The smallest conditions that hold for no request within their policy's scope, e.g. over an attribute or parent that is never there. */
function deadConditions(
  schema: string,
  policies: readonly { readonly policy: PolicySource; readonly index: number }[],
) {
  const conditions = policies.flatMap(({ policy, index }) =>
    policy.json.conditions.flatMap(({ body }) => conditionsOf(index, policy, body)),
  );
  const probes = conditions.map(({ policy: { json }, expression }) => ({
    ...json,
    annotations: {},
    effect: "permit" as const,
    conditions: [{ kind: "when", body: expression } satisfies Clause],
  }));
  const dead = new Set(
    run(schema, probes).warnings.flatMap(({ index, error }) => (isNever(error) ? [conditions[index]] : [])),
  );
  const scopeIsDead = (index: number) => conditions.filter((one) => one.index === index).every((one) => dead.has(one));
  return conditions
    .filter((one) => dead.has(one) && !one.parts.some((part) => dead.has(part)) && !scopeIsDead(one.index))
    .map((one) => ({ index: one.index, mistake: neverHolds(one) }));
}

/** A condition, and the conditions that it is made of, outermost first. */
function conditionsOf(index: number, policy: PolicySource, expression: Expr): Condition[] {
  const parts = operandsOf(expression).map((operand) => conditionsOf(index, policy, operand));
  const direct = parts.flatMap(([first]) => (first === undefined ? [] : [first]));
  return [{ index, policy, expression, parts: direct }, ...parts.flat()];
}

const LOGICAL = ["&&", "||", "!", "if-then-else"];

/** The conditions that a logical operator joins. */
function operandsOf(expression: Expr): Expr[] {
  return Object.entries(expression).flatMap(([operator, operands]: [string, unknown]) =>
    LOGICAL.includes(operator) && typeof operands === "object" && operands !== null
      ? Object.values(operands).filter(isExpression)
      : [],
  );
}

const isExpression = (value: unknown): value is Expr =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function neverHolds({ policy, expression }: Condition): Mistake {
  const written = textOf(policy, expression);
  const found = written === undefined ? "a condition" : shownAt(written, { start: 0, end: Buffer.byteLength(written) });
  const place = placeIn(policy, written === undefined ? 0 : offsetOf(policy.text, written));
  return {
    file: policy.file,
    ...place,
    found: `${found}, which can never hold`,
    expected: "a condition that some request can meet",
  };
}

/** A condition in Cedar's own spelling. */
function textOf({ json }: PolicySource, expression: Expr): string | undefined {
  const printed = policyToText({ ...json, annotations: {}, conditions: [{ kind: "when", body: expression }] });
  return printed.type === "failure" ? undefined : /when\s*\{\s*(.*?)\s*\};?\s*$/s.exec(printed.text)?.[1];
}

/** Where it stands in the policy, whatever its white space and parentheses: a byte offset, 0 when it is spelled otherwise. */
function offsetOf(text: string, written: string): number {
  const code = withoutComments(text);
  const places = [...code].flatMap((character, at) => (/[\s()]/.test(character) ? [] : [{ character, at }]));
  const found = places
    .map(({ character }) => character)
    .join("")
    .indexOf(written.replace(/[\s()]/g, ""));
  const at = found < 0 ? undefined : places[found]?.at;
  return at === undefined ? 0 : Buffer.byteLength([...code].slice(0, at).join(""), "utf8");
}

import { closed, facts, fail, Name, type PolicyContext, type Result, Ver, validate } from "@seb/schema";

/** One expectation of `control/policy/tests/*.yaml`. */
export interface PolicyTest {
  readonly name: string;
  /** Name of an agent, action, service and region of the bundle. */
  readonly agent: string;
  readonly action: string;
  readonly service: string;
  readonly region: string;
  readonly context: PolicyContext;
  /** Ids of the policies that must permit, by rank; none when the request must be denied. */
  readonly expect: readonly string[];
}

const contextSchema = facts.contextSchema();
const partialContext = facts.partialContextSchema();
const testsSchema = closed({
  ver: Ver,
  /** The context that every test starts from; what it leaves out has the value that counts when it is absent. */
  base: partialContext,
  tests: {
    type: "array",
    minItems: 1,
    maxItems: 256,
    items: closed({
      name: { type: "string", minLength: 1, maxLength: 200, pattern: "^[^\\u0000-\\u001f\\u007f]*$" },
      agent: Name,
      action: Name,
      service: Name,
      region: Name,
      /** What differs from `base`. */
      with: partialContext,
      expect: { type: "array", maxItems: 32, items: Name },
    }),
  },
});

interface TestsFile {
  readonly base: Partial<PolicyContext>;
  readonly tests: readonly (Omit<PolicyTest, "context"> & { readonly with: Partial<PolicyContext> })[];
}

/** Checks that a value is a complete policy context and nothing else. */
export function policyContext(value: unknown): Result<PolicyContext, "catalogue_invalid"> {
  const checked: Result<unknown, "catalogue_invalid"> = validate(contextSchema, value, "catalogue_invalid");
  return checked.ok ? { ok: true, value: checked.value as PolicyContext } : checked;
}

/** Reads a file of policy tests: each test's context is the neutral one, with what `base` and then its own `with` say. */
export function policyTests(value: unknown): Result<readonly PolicyTest[], "catalogue_invalid"> {
  const checked: Result<unknown, "catalogue_invalid"> = validate(testsSchema, value, "catalogue_invalid");
  if (!checked.ok) return checked;
  const { base, tests } = checked.value as TestsFile;
  if (new Set(tests.map(({ name }) => name)).size !== tests.length) {
    return fail("catalogue_invalid", "two tests have one name", { pointer: "/tests" });
  }
  return {
    ok: true,
    value: tests.map(({ with: changes, ...test }) => ({
      ...test,
      context: { ...facts.neutralContext(), ...base, ...changes },
    })),
  };
}

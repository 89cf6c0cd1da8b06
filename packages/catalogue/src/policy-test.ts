import { closed, fail, Name, type Result, Tier, Ver, validate } from "@seb/schema";

/** What the policies see of one request, besides agent, action, service and region. All required. */
export interface PolicyContext {
  /** Consequence tier, 0 to 3. */
  readonly tier: number;
  /** Risk score, 0 to 100. */
  readonly risk: number;
  /** People who approved, and how many are needed. */
  readonly approvals: number;
  readonly approvals_needed: number;
  readonly tests_passed: boolean;
  readonly image_attested: boolean;
  readonly window_open: boolean;
  readonly freeze: boolean;
  /** The requested image is the one that ran before the present one. */
  readonly previous_image: boolean;
  /** A fresh observation by the broker is attached. */
  readonly live_fresh: boolean;
  readonly shadow: boolean;
}

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

const flag = { type: "boolean" };
const people = { type: "integer", minimum: 0, maximum: 64 };
const contextMembers = {
  tier: Tier,
  risk: { type: "integer", minimum: 0, maximum: 100 },
  approvals: people,
  approvals_needed: people,
  tests_passed: flag,
  image_attested: flag,
  window_open: flag,
  freeze: flag,
  previous_image: flag,
  live_fresh: flag,
  shadow: flag,
};
const contextSchema = closed(contextMembers);
const testsSchema = closed({
  ver: Ver,
  /** The context that every test starts from. */
  base: contextSchema,
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
      with: { type: "object", properties: contextMembers, additionalProperties: false },
      expect: { type: "array", maxItems: 32, items: Name },
    }),
  },
});

interface TestsFile {
  readonly base: PolicyContext;
  readonly tests: readonly (Omit<PolicyTest, "context"> & { readonly with: Partial<PolicyContext> })[];
}

/** Checks that a value is a complete policy context and nothing else. */
export function policyContext(value: unknown): Result<PolicyContext, "catalogue_invalid"> {
  const checked: Result<unknown, "catalogue_invalid"> = validate(contextSchema, value, "catalogue_invalid");
  return checked.ok ? { ok: true, value: checked.value as PolicyContext } : checked;
}

/** Reads a file of policy tests: each test's context is the file's `base` with what its `with` changes. */
export function policyTests(value: unknown): Result<readonly PolicyTest[], "catalogue_invalid"> {
  const checked: Result<unknown, "catalogue_invalid"> = validate(testsSchema, value, "catalogue_invalid");
  if (!checked.ok) return checked;
  const { base, tests } = checked.value as TestsFile;
  if (new Set(tests.map(({ name }) => name)).size !== tests.length) {
    return fail("catalogue_invalid", "two tests have one name", { pointer: "/tests" });
  }
  return {
    ok: true,
    value: tests.map(({ with: changes, ...test }) => ({ ...test, context: { ...base, ...changes } })),
  };
}

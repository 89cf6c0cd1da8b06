import { closed, facts, Name, type PolicyContext, type Result, Ver, validate } from "@seb/schema";

/** One expectation of `control/policy/tests/*.yaml`. */
export interface PolicyTest {
  /** Where it stands: path in the control folder, RFC 6901 pointer, and line from 1. */
  readonly file: string;
  readonly field: string;
  readonly line?: number;
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
/** `control/policy/tests/*.yaml`. */
export const PolicyTestsFile = closed({
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

/** Checks that a value is a complete policy context and nothing else. */
export function policyContext(value: unknown): Result<PolicyContext, "catalogue_invalid"> {
  const checked: Result<unknown, "catalogue_invalid"> = validate(contextSchema, value, "catalogue_invalid");
  return checked.ok ? { ok: true, value: checked.value as PolicyContext } : checked;
}

interface TestsFile {
  readonly base: Partial<PolicyContext>;
  readonly tests: readonly (Omit<PolicyTest, "context" | "file" | "field"> & {
    readonly with: Partial<PolicyContext>;
  })[];
}

/**
 * The tests of a file that fits {@link PolicyTestsFile}: each one's context is the neutral one, with what `base` and then its own `with` say.
 *
 * @param path of the file in the control folder.
 */
export function testsOf(
  path: string,
  file: unknown,
  lineOf: (field: string) => number | undefined = () => undefined,
): readonly PolicyTest[] {
  const { base, tests } = file as TestsFile;
  return tests.map(({ with: changes, ...test }, index) => ({
    ...test,
    ...placeOf(path, `/tests/${index}`, lineOf),
    context: { ...facts.neutralContext(), ...base, ...changes },
  }));
}

function placeOf(file: string, field: string, lineOf: (field: string) => number | undefined) {
  const line = lineOf(field);
  return { file, field, ...(line === undefined ? {} : { line }) };
}

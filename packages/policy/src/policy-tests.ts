import type { Bundle, PolicyTest } from "@seb/catalogue";
import { type Mistake, nearest, printable } from "@seb/schema";
import type { PolicyEngine } from "./decision.js";

/** Runs the bundle's own policy tests. Each that does not end as it says is a mistake, with what it expected and what it got. */
export function failingTests(bundle: Bundle, engine: PolicyEngine, ids: ReadonlySet<string>): Mistake[] {
  if (bundle.policyTests.length === 0)
    return [{ file: "policy/tests", found: "no test", expected: "at least one policy test" }];
  return bundle.policyTests.flatMap((test) => unknownIds(test, ids) ?? failure(test, engine));
}

/** A test that expects a policy which is not there would fail whatever is decided: say that instead. */
function unknownIds({ file, field, line, expect }: PolicyTest, ids: ReadonlySet<string>): Mistake[] | undefined {
  const unknown = expect.flatMap((id, index) => {
    if (ids.has(id)) return [];
    const near = nearest(id, ids);
    const place = { file, field: `${field}/expect/${index}`, ...lineAt(line), found: `\`${printable(id, 60)}\`` };
    return [{ ...place, expected: "the `@id` of a policy", ...(near.length === 0 ? {} : { near }) }];
  });
  return unknown.length === 0 ? undefined : unknown;
}

function failure(
  { file, field, line, name, agent, action, service, region, context, expect }: PolicyTest,
  engine: PolicyEngine,
): Mistake[] {
  const decided = engine.decide({ subject: `agent:${agent}`, action, service, region, context });
  const erred = !decided.ok && decided.error.code === "policy_error";
  const permits = decided.ok ? decided.value.policies : [];
  if (!erred && permits.join() === expect.join()) return [];
  const reasons = decided.ok ? undefined : decided.error.facts?.reasons;
  const because = Array.isArray(reasons) ? ` (${reasons.map((reason) => printable(reason, 80)).join(", ")})` : "";
  const got = erred ? `an error${because}` : decided.ok ? permitted(permits) : `${permitted([])}${because}`;
  return [
    {
      file,
      field,
      ...lineAt(line),
      found: `${got} in the test "${printable(name, 200)}"`,
      expected: permitted(expect),
    },
  ];
}

const lineAt = (line: number | undefined) => (line === undefined ? {} : { line });

const permitted = (ids: readonly string[]) => (ids.length === 0 ? "no permit" : `a permit by ${ids.join(", ")}`);

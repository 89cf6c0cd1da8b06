import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { type Bundle, openBundle, packBundle } from "@seb/catalogue";
import type { PolicyContext } from "@seb/schema";
import fc from "fast-check";
import { createPolicyEngine, type PolicyEngine, type PolicyInput } from "./index.js";

const CONTROL = join(import.meta.dirname, "../../../examples/control");

function exampleFiles(): Record<string, string> {
  const entries = readdirSync(CONTROL, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [path.slice(CONTROL.length + 1), readFileSync(path, "utf8")]));
}

function open(files: Record<string, string>): Bundle {
  const packed = packBundle(files);
  if (!packed.ok) throw new Error(packed.error.detail);
  const opened = openBundle(packed.value.text, packed.value.digest);
  if (!opened.ok) throw new Error(opened.error.detail);
  return opened.value;
}

function engineOf(bundle: Bundle): PolicyEngine {
  const made = createPolicyEngine(bundle);
  if (!made.ok) throw new Error(made.error.detail);
  return made.value;
}

const example = open(exampleFiles());
const engine = engineOf(example);

const good: PolicyContext = {
  tier: 1,
  risk: 20,
  approvals: 0,
  approvals_needed: 1,
  tests_passed: true,
  image_attested: true,
  window_open: true,
  freeze: false,
  previous_image: false,
  live_fresh: true,
  shadow: false,
};
const input = (context: Partial<PolicyContext> = {}, more: Partial<PolicyInput> = {}): PolicyInput => ({
  subject: "agent:oncall-v3",
  action: "deploy",
  service: "checkout",
  region: "us-east-1",
  context: { ...good, ...context },
  ...more,
});
const codeOf = (made: { ok: true } | { ok: false; error: { code: string } }) => (made.ok ? "ok" : made.error.code);

/** The example with some files changed; undefined takes a file away. */
function changed(changes: Readonly<Record<string, string | undefined>>): Bundle {
  const entries = Object.entries({ ...exampleFiles(), ...changes });
  return open(Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined)));
}
const extra = (policy: string) => changed({ "policy/95-extra.cedar": policy });
const foreign = (json: string): PolicyContext => JSON.parse(json);

describe("decide", () => {
  it("names the permitting policies by rank", () => {
    expect(engine.decide(input())).toEqual({ ok: true, value: { policies: ["auto-low-risk-v2"] } });
    expect(engine.decide(input({ previous_image: true, approvals: 1 }))).toEqual({
      ok: true,
      value: { policies: ["auto-low-risk-v2", "emergency-rollback", "human-approved"] },
    });
  });

  it("denies by default and says that no policy permits", () => {
    const denied = engine.decide(input({ window_open: false }));
    expect(denied).toMatchObject({
      ok: false,
      error: { code: "policy_denied", facts: { reasons: ["no-policy-permits"] } },
    });
  });

  it("names the policy that forbids", () => {
    const denied = engine.decide(input({ tier: 3, approvals_needed: 0 }));
    expect(denied).toMatchObject({ ok: false, error: { code: "policy_denied", facts: { reasons: ["no-critical"] } } });
  });

  it("tells missing people from everything else by asking again with as many as are needed", () => {
    const waiting = { window_open: false, tier: 3, approvals_needed: 2 };
    expect(codeOf(engine.decide(input(waiting)))).toBe("policy_denied");
    expect(codeOf(engine.decide(input({ ...waiting, approvals: 2 })))).toBe("ok");
    const hopeless = { ...waiting, tests_passed: false };
    expect(codeOf(engine.decide(input({ ...hopeless, approvals: 2 })))).toBe("policy_denied");
  });

  it.each<[string, Partial<PolicyInput>]>([
    ["agent", { subject: "agent:nobody" }],
    ["agent without prefix", { subject: "oncall-v3" }],
    ["inherited name", { subject: "agent:constructor" }],
    ["action", { action: "destroy" }],
    ["service", { service: "payments" }],
    ["region", { region: "mars-1" }],
    ["inherited region", { region: "constructor" }],
  ])("an unknown %s is an error, not a decision", (_, more) => {
    expect(codeOf(engine.decide(input({}, more)))).toBe("policy_error");
  });

  it.each([
    ["nothing", "null"],
    ["a list", "[]"],
    ["an empty context", "{}"],
    ["text for a number", JSON.stringify({ ...good, tier: "1" })],
    ["a fraction", JSON.stringify({ ...good, risk: 1.5 })],
    ["a number beyond 64 bits", JSON.stringify({ ...good, risk: 1e300 })],
    ["a risk over 100", JSON.stringify({ ...good, risk: 101 })],
    ["a negative risk", JSON.stringify({ ...good, risk: -1 })],
    ["a number for a flag", JSON.stringify({ ...good, freeze: 0 })],
    ["null for a flag", JSON.stringify({ ...good, freeze: null })],
    ["a member too many", JSON.stringify({ ...good, approver: "me" })],
    ["a region of its own", JSON.stringify({ ...good, region: "us-east-1" })],
    ["an entity for a flag", JSON.stringify({ ...good, freeze: { __entity: { type: "Agent", id: "x" } } })],
  ])("%s for a context is an error, not a decision", (_, context) => {
    expect(codeOf(engine.decide(input({}, { context: foreign(context) })))).toBe("policy_error");
  });

  it.each(Object.keys(good))("a context without %s is an error, not a decision", (member) => {
    const context = Object.fromEntries(Object.entries(good).filter(([name]) => name !== member));
    expect(codeOf(engine.decide(input({}, { context: foreign(JSON.stringify(context)) })))).toBe("policy_error");
  });

  it("a forbid that fails to evaluate denies, although Cedar would skip it", () => {
    const overflow = "context.risk == 29 && context.risk * 9223372036854775807 > 5";
    const failing = engineOf(
      extra(`@id("overflow") @rank("95") forbid (principal, action, resource) when { ${overflow} };`),
    );
    expect(codeOf(failing.decide(input({ risk: 28 })))).toBe("ok");
    expect(failing.decide(input({ risk: 29 }))).toMatchObject({
      ok: false,
      error: { code: "policy_error", facts: { reasons: ["evaluation:overflow"] } },
    });
  });

  it("keeps two bundles apart whose policies have the same ids", () => {
    const path = "policy/10-auto-low-risk.cedar";
    const stricter = engineOf(
      changed({
        [path]: exampleFiles()[path]?.replace("risk <= 30", 'risk <= 29 && context.region != "eu-west-1"'),
        "policy/tests/deploy.yaml": exampleFiles()["policy/tests/deploy.yaml"]?.replace(
          "{ risk: 30 }, expect: [auto-low-risk-v2]",
          "{ risk: 30 }, expect: []",
        ),
      }),
    );
    expect(codeOf(engine.decide(input({ risk: 30 })))).toBe("ok");
    expect(codeOf(stricter.decide(input({ risk: 30 })))).toBe("policy_denied");
    expect(codeOf(engine.decide(input({}, { region: "eu-west-1" })))).toBe("ok");
    expect(codeOf(stricter.decide(input({}, { region: "eu-west-1" })))).toBe("policy_denied");
    expect(codeOf(engine.decide(input({ risk: 30 })))).toBe("ok");
  });

  it("decides as a plain reading of the policies does, whatever the context", () => {
    const flag = fc.boolean();
    const people = fc.integer({ min: 0, max: 4 });
    const contexts = fc.record({
      tier: fc.integer({ min: 0, max: 3 }),
      risk: fc.integer({ min: 0, max: 100 }),
      approvals: people,
      approvals_needed: people,
      tests_passed: flag,
      image_attested: flag,
      window_open: flag,
      freeze: flag,
      previous_image: flag,
      live_fresh: flag,
      shadow: flag,
    });
    fc.assert(
      fc.property(contexts, fc.constantFrom("deploy", "scale"), (context, action) => {
        const decided = engine.decide(input(context, { action }));
        expect(decided.ok ? decided.value.policies : []).toEqual(expectedPolicies(context, action));
      }),
      { numRuns: 300 },
    );
  });
});

function expectedPolicies(c: PolicyContext, action: string): string[] {
  if (c.tier === 3 && c.approvals === 0) return [];
  const proved = c.tests_passed && c.image_attested && c.live_fresh && !c.freeze;
  return [
    ...(proved && c.tier <= 1 && c.risk <= 30 && c.window_open ? ["auto-low-risk-v2"] : []),
    ...(action === "deploy" && c.previous_image && c.live_fresh && c.tier <= 2 ? ["emergency-rollback"] : []),
    ...(proved && c.approvals >= c.approvals_needed ? ["human-approved"] : []),
  ];
}

describe("createPolicyEngine", () => {
  const policy = (annotations: string, rest = "permit (principal, action, resource) when { context.risk == 99 };") =>
    `${annotations} ${rest}`;

  it.each([
    ["text that is no policy", "permit everything"],
    ["an unclosed policy", '@id("x") @rank("95") permit (principal, action, resource) when {'],
    ["no @id", policy('@rank("95")')],
    ["an empty @id", policy('@id @rank("95")')],
    ["an @id that is no name", policy('@id("No Name") @rank("95")')],
    ["an @id of another policy", policy('@id("no-critical") @rank("95")')],
    ["the same @id twice on one policy", policy('@id("x") @id("y") @rank("95")')],
    ["no @rank", policy('@id("x")')],
    ["a @rank that is no number", policy('@id("x") @rank("first")')],
    ["a @rank of another policy", policy('@id("x") @rank("10")')],
    ["a @rank spelled otherwise", policy('@id("x") @rank("010")')],
    ["a template", policy('@id("x") @rank("95")', "permit (principal == ?principal, action, resource);")],
    [
      "an unknown attribute",
      policy('@id("x") @rank("95")', "forbid (principal, action, resource) when { context.rsik > 3 };"),
    ],
    [
      "a wrong type",
      policy('@id("x") @rank("95")', 'forbid (principal, action, resource) when { context.risk > "3" };'),
    ],
    ["an unknown action", policy('@id("x") @rank("95")', 'forbid (principal, action == Action::"destroy", resource);')],
    ["an unknown entity type", policy('@id("x") @rank("95")', "forbid (principal is Human, action, resource);")],
    [
      "a policy that can never apply",
      policy('@id("x") @rank("95")', "forbid (principal, action, resource) when { false };"),
    ],
    [
      "a forbid that fails under the bundle's own tests",
      policy(
        '@id("x") @rank("95")',
        "forbid (principal, action, resource) when { context.risk * 9223372036854775807 < 0 };",
      ),
    ],
    ["a permit for everything", policy('@id("x") @rank("95")', "permit (principal, action, resource);")],
    ["a forbid of everything", policy('@id("x") @rank("95")', "forbid (principal, action, resource);")],
  ])("refuses a bundle with %s", (_, text) => {
    expect(codeOf(createPolicyEngine(extra(text)))).toBe("bundle_invalid");
  });

  it.each([
    ["is emptied", (text: string) => text.replace(/when \{[^}]*\}/, "")],
    ["can no longer fire", (text: string) => text.replace("context.tier >= 3", "context.tier >= 4")],
    ["is commented out", (text: string) => text.replace(/^/gm, "// ")],
  ])("refuses a bundle whose forbid %s, by the bundle's own tests", (_, change) => {
    const path = "policy/90-no-critical.cedar";
    expect(codeOf(createPolicyEngine(changed({ [path]: change(exampleFiles()[path] ?? "") })))).toBe("bundle_invalid");
  });

  it.each([
    "context.tests_passed &&",
    "context.image_attested &&",
    "context.window_open &&",
    "!context.freeze &&",
    "context.risk <= 30 &&",
    "context.tier <= 1 &&",
  ])("refuses a bundle whose automatic permit lost %s, by the bundle's own tests", (condition) => {
    const path = "policy/10-auto-low-risk.cedar";
    const text = exampleFiles()[path] ?? "";
    expect(text).toContain(condition);
    expect(codeOf(createPolicyEngine(changed({ [path]: text.replace(condition, "") })))).toBe("bundle_invalid");
  });

  it("refuses a bundle with a failing policy test", () => {
    const path = "policy/tests/deploy.yaml";
    const text = exampleFiles()[path]?.replace("{ risk: 31 }, expect: []", "{ risk: 31 }, expect: [auto-low-risk-v2]");
    expect(codeOf(createPolicyEngine(changed({ [path]: text })))).toBe("bundle_invalid");
  });

  it("refuses a bundle without policy tests", () => {
    expect(codeOf(createPolicyEngine({ ...example, policyTests: [] }))).toBe("bundle_invalid");
  });
});

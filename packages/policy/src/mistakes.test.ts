import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { openBundle, packBundle } from "@seb/catalogue";
import type { Mistake } from "@seb/schema";
import { createPolicyEngine } from "./index.js";

const CONTROL = join(import.meta.dirname, "../../../examples/control");
const entries = readdirSync(CONTROL, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const paths = entries.map((entry) => join(entry.parentPath, entry.name));
const EXAMPLE = Object.fromEntries(paths.map((path) => [path.slice(CONTROL.length + 1), readFileSync(path, "utf8")]));

/** The mistakes of the example with further files; none when it makes an engine. */
function mistakesOf(files: Readonly<Record<string, string>>): readonly Mistake[] {
  const packed = packBundle({ ...EXAMPLE, ...files });
  if (!packed.ok) throw new Error(packed.error.detail);
  const bundle = openBundle(packed.value.text, packed.value.digest);
  if (!bundle.ok) throw new Error(bundle.error.detail);
  const made = createPolicyEngine(bundle.value);
  if (made.ok) return [];
  expect(made.error.code).toBe("bundle_invalid");
  return made.error.mistakes ?? [];
}

const FILE = "policy/95-own.cedar";
/** A policy that applies to a risk of 99 alone, so that no test of the example meets it. */
const policy = (condition: string, effect = "forbid", scope = "principal, action, resource") =>
  `@id("own")\n@rank("95")\n${effect} (${scope})\nwhen { ${condition} };\n`;
const own = (text: string) => mistakesOf({ [FILE]: text });

describe("a policy over owners", () => {
  it.each([
    "principal.owner == resource.owner && context.risk == 99",
    "principal in resource.owner && context.risk == 99",
    "resource in principal.owner && context.risk == 99",
    'principal in Team::"team-sre" && context.risk == 99',
    'resource.owner == Team::"team-checkout" && context.risk == 99',
    'principal.owner != Team::"team-search" && context.risk == 99',
    'resource in [Team::"team-checkout", Team::"team-search"] && context.risk == 99',
    'context.region == "eu-west-1" && context.risk == 99',
    '["eu-west-1", "us-east-1"].contains(context.region) && context.risk == 99',
    'resource == Service::"search" && resource.tier == 0 && context.risk == 99',
    '(if context.freeze then principal == Agent::"oncall-v3" else context.shadow) && context.risk == 99',
  ])("may say %s", (condition) => {
    expect(own(policy(condition))).toEqual([]);
  });

  it("sees the owners of agent and service", () => {
    const permits = (condition: string, expected: string) =>
      mistakesOf({
        [FILE]: policy(`${condition} && context.risk == 99`, "permit"),
        "policy/tests/own.yaml": `ver: 1
base: { tier: 1, risk: 99 }
tests:
  - { name: own, agent: oncall-v3, action: deploy, service: checkout, region: us-east-1, with: {}, expect: [${expected}] }
`,
      });
    // The example's agent belongs to team-sre, the service to team-checkout.
    expect(permits('principal in Team::"team-sre" && resource in Team::"team-checkout"', "own")).toEqual([]);
    expect(permits('principal.owner == Team::"team-sre"', "own")).toEqual([]);
    expect(permits("principal.owner == resource.owner", "")).toEqual([]);
    expect(permits("principal in resource.owner", "")).toEqual([]);
    expect(
      mistakesOf({
        "agents/oncall-v3.yaml": EXAMPLE["agents/oncall-v3.yaml"]?.replace("team-sre", "team-checkout") ?? "",
        [FILE]: policy("principal in resource.owner && context.risk == 99", "permit"),
        "policy/tests/own.yaml": `ver: 1
base: { tier: 1, risk: 99 }
tests:
  - { name: own, agent: oncall-v3, action: deploy, service: checkout, region: us-east-1, with: {}, expect: [own] }
  - { name: other, agent: oncall-v3, action: deploy, service: search, region: us-east-1, with: {}, expect: [] }
`,
      }),
    ).toEqual([]);
  });
});

describe("a rule that can never apply", () => {
  const NAMES: readonly [string, string, string, readonly string[] | undefined][] = [
    ['principal == Agent::"oncal-v3"', '`Agent::"oncal-v3"`', "one of the folder's agents", ['Agent::"oncall-v3"']],
    ['resource == Service::"serch"', '`Service::"serch"`', "one of the folder's services", ['Service::"search"']],
    ['action == Action::"deplyo"', '`Action::"deplyo"`', "one of the folder's actions", ['Action::"deploy"']],
    ['action in [Action::"deploy", Action::"drop"]', '`Action::"drop"`', "one of the folder's actions", undefined],
    [
      'principal in Team::"team-srea"',
      '`Team::"team-srea"`',
      "one of the folder's owners of agents and services",
      ['Team::"team-sre"'],
    ],
    [
      'resource.owner == Team::"none"',
      '`Team::"none"`',
      "one of the folder's owners of agents and services",
      undefined,
    ],
    ['[Agent::"nobody"].contains(principal)', '`Agent::"nobody"`', "one of the folder's agents", undefined],
    ['context.risk > 3 || principal == Agent::"nobody"', '`Agent::"nobody"`', "one of the folder's agents", undefined],
    ['context.region == "us-east-2"', "`us-east-2`", "a region of one of the folder's services", ["us-east-1"]],
    ['["mars"].contains(context.region)', "`mars`", "a region of one of the folder's services", undefined],
  ];
  it.each(NAMES)("by a name that is not there is refused: %s", (condition, found, expected, near) => {
    const [mistake, ...others] = own(policy(condition));
    expect(mistake).toMatchObject({ file: FILE, line: 4, found, expected });
    expect(near === undefined ? [] : mistake?.near).toEqual(
      near === undefined ? [] : expect.arrayContaining([...near]),
    );
    expect(others).toEqual([]);
  });

  it.each([
    ['resource == Service::"serch"', 'principal, action, resource == Service::"serch"'],
    ['principal == Agent::"nobody"', 'principal == Agent::"nobody", action, resource'],
    ['principal in Team::"none"', 'principal in Team::"none", action, resource'],
    ['action == Action::"x"', 'principal, action == Action::"x", resource'],
    ['principal is Agent in Team::"none"', 'principal is Agent in Team::"none", action, resource'],
  ])("by its scope is refused: %s", (_, scope) => {
    expect(own(policy("context.risk == 99", "forbid", scope))).toEqual([
      expect.objectContaining({ file: FILE, line: 3 }),
    ]);
  });

  it.each([
    ["an attribute", "principal has foo"],
    ["an attribute beside others", "context.risk > 3 || principal has foo"],
    ["an attribute of the context", "context.freeze || context has luck"],
    ["a tag", 'context.freeze || principal.hasTag("x")'],
    ["another type", "context.freeze || principal is Service"],
    ["a parent that an agent cannot have", 'context.freeze || principal in Service::"checkout"'],
    ["a parent that a service cannot have", 'context.freeze || resource in Agent::"oncall-v3"'],
    ["an exception that never holds", "context.risk == 99 && !(context.freeze || resource is Team)"],
    ["nothing at all", "false"],
  ])("over %s that the signer never fills is refused", (_, condition) => {
    const found = own(policy(condition));
    expect(found).toEqual([expect.objectContaining({ file: FILE, found: expect.stringContaining("can never") })]);
  });

  it("is shown with the condition that never holds, where it stands", () => {
    expect(own(policy("context.freeze ||\n  principal has foo"))).toEqual([
      {
        file: FILE,
        line: 5,
        column: 3,
        found: "`principal has foo`, which can never hold",
        expected: "a condition that some request can meet",
      },
    ]);
  });

  it("is refused in a permit and in an exception as well", () => {
    expect(own(policy('resource == Service::"serch"', "permit"))).toHaveLength(1);
    const unless = '@id("own")\n@rank("95")\nforbid (principal, action, resource)\nwhen { context.risk == 99 }\n';
    expect(own(`${unless}unless { principal has foo };\n`)).toHaveLength(1);
    expect(own(`${unless}unless { principal == Agent::"nobody" };\n`)).toEqual([
      expect.objectContaining({ line: 5, found: '`Agent::"nobody"`' }),
    ]);
  });
});

describe("a mistake in a policy", () => {
  it.each<[string, string, Partial<Mistake>]>([
    [
      "a parse error",
      policy("context.risk > 3").replace("action,", "action"),
      { line: 3, column: 27, found: "`resource`" },
    ],
    [
      "an end that comes too soon",
      '@id("own")\n@rank("95")\nforbid (principal, action, resource)\nwhen {',
      { line: 4, found: "the end of the file" },
    ],
    [
      "a fact that is not there",
      policy("context.rsik > 3"),
      { line: 4, column: 8, found: "`context.rsik`", near: ["risk"] },
    ],
    [
      "a wrong type",
      policy('context.risk > "3"'),
      { line: 4, found: '`"3"`', expected: "a value of type Long, not String" },
    ],
    ["values that cannot be equal", policy('resource.owner == "team-sre"'), { line: 4 }],
    ["an unknown type", policy("principal is Human"), { line: 4, found: "`Human`" }],
    ["a variable that is none", policy("risk > 3"), { line: 4, found: "`risk`" }],
    [
      "a template",
      '@id("own") @rank("95")\nforbid (principal == ?principal, action, resource);',
      { line: 1, found: "a template" },
    ],
    ["no @id", policy("context.risk == 99").replace('@id("own")\n', ""), { line: 1, found: "no @id" }],
    [
      "an @id that is not a name",
      policy("context.risk == 99").replace("own", "My Own"),
      { line: 1, found: '`@id("My Own")`' },
    ],
    [
      "an @id twice",
      policy("context.risk == 99").replace("own", "no-critical"),
      { line: 1, found: '`@id("no-critical")` again' },
    ],
    [
      "a comment inside of @id",
      policy("context.risk == 99").replace('@id("own")', '@id // ours\n("own")'),
      { line: 1, expected: '`@id("own")`, without a comment in it' },
    ],
    ["no @rank", policy("context.risk == 99").replace('@rank("95")\n', ""), { line: 1, found: "no @rank" }],
    [
      "a @rank that is not a number",
      policy("context.risk == 99").replace('"95"', '"first"'),
      { line: 2, found: '`@rank("first")`' },
    ],
    [
      "a @rank twice",
      policy("context.risk == 99").replace('"95"', '"10"'),
      { line: 2, expected: "a `@rank` of its own: auto-low-risk-v2 has this one" },
    ],
  ])("is shown with its place: %s", (_, text, expected) => {
    expect(own(text)).toContainEqual(expect.objectContaining({ file: FILE, ...expected }));
  });

  it("counts lines and columns in characters, also behind other alphabets and commented copies", () => {
    const copy = policy("context.rsik > 3").replace(/^/gm, "// ");
    const text = `// Ende für heute: 終わり\n${copy}\n${policy("context.risk == 99 && context.rsik > 3")}`;
    expect(own(text)).toEqual([expect.objectContaining({ line: 10, column: 30, found: "`context.rsik`" })]);
  });

  it("does not hide the others: all of all files are shown, in order", () => {
    const found = mistakesOf({
      [FILE]: policy('context.rsik > 3 || context.moon || principal == Agent::"nobody"'),
      "policy/96-other.cedar": "forbid (principal, action resource);",
      "policy/97-third.cedar": '@id("third") @rank("10") permit (principal, action, resource == Service::"serch");',
    });
    expect(found.map(({ file, found }) => `${file} ${found}`)).toEqual([
      `${FILE} \`context.rsik\``,
      `${FILE} \`context.moon\``,
      `${FILE} \`Agent::"nobody"\``,
      "policy/96-other.cedar `resource`",
      'policy/97-third.cedar `@rank("10")` again',
      'policy/97-third.cedar `Service::"serch"`',
    ]);
  });
});

describe("a policy test that fails", () => {
  const TESTS = "policy/tests/deploy.yaml";
  const changed = (from: string, to: string) => mistakesOf({ [TESTS]: EXAMPLE[TESTS]?.replace(from, () => to) ?? "" });

  it("says which one, what it expected and what it got", () => {
    expect(changed("{ risk: 31 }, expect: []", "{ risk: 31 }, expect: [auto-low-risk-v2]")).toEqual([
      {
        file: TESTS,
        field: "/tests/4",
        line: 20,
        found: 'no permit (no-policy-permits) in the test "a risk of 31 is not"',
        expected: "a permit by auto-low-risk-v2",
      },
    ]);
    expect(changed("{ risk: 30 }, expect: [auto-low-risk-v2]", "{ risk: 30 }, expect: []")).toEqual([
      {
        file: TESTS,
        field: "/tests/3",
        line: 19,
        found: 'a permit by auto-low-risk-v2 in the test "a risk of 30 is low"',
        expected: "no permit",
      },
    ]);
  });

  it("says that a policy it names is not there, with those that look like it", () => {
    expect(changed("{ risk: 30 }, expect: [auto-low-risk-v2]", "{ risk: 30 }, expect: [auto-low-risk-v1]")).toEqual([
      expect.objectContaining({ field: "/tests/3/expect/0", found: "`auto-low-risk-v1`", near: ["auto-low-risk-v2"] }),
    ]);
  });

  it("says which policy failed to evaluate", () => {
    const overflow = policy("context.risk * 9223372036854775807 < 0");
    const [first] = own(overflow);
    expect(first).toMatchObject({ file: TESTS, found: expect.stringContaining("an error (evaluation:own)") });
  });

  it("does not hide the others", () => {
    const text = EXAMPLE[TESTS]?.replaceAll("expect: []", "expect: [human-approved]") ?? "";
    expect(mistakesOf({ [TESTS]: text })).toHaveLength(11);
  });
});

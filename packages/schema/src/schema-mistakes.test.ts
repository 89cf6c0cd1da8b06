import { describe, expect, it } from "@jest/globals";
import {
  ActionDefinition,
  AgentDefinition,
  Ceilings,
  Modes,
  PersonDefinition,
  schemaMistakes,
  Thresholds,
  Windows,
} from "./index.js";

const agent = {
  ver: 1,
  subject: "agent:oncall",
  owner: "team-sre",
  keys: ["A".repeat(43)],
  actions: ["deploy"],
  expires: 2_000_000_000,
};
const modes = { ver: 1, default: "enforce", actions: {} };
const windows = (window: object) => ({
  ver: 1,
  windows: [{ name: "w", services: ["*"], zone: "UTC", days: ["mon"], from: "09:00", to: "16:00", ...window }],
  freezes: [],
});
const action = (parameter: unknown) => ({
  ver: 1,
  name: "deploy",
  description: "x",
  connector: "git",
  parameters: { p: parameter },
  open: [],
  scope: {},
  operation: {},
  live: {},
  reconcile: "exact",
  identity: "held",
  timeout_seconds: 30,
  tier: 1,
  consequences: [],
});

describe("schemaMistakes", () => {
  it("finds nothing in a value that fits", () => {
    expect(schemaMistakes(AgentDefinition, agent)).toEqual([]);
  });

  it("reports every mistake of one value", () => {
    const wrong = { ...agent, owner: "Team SRE", keys: [], expires: "soon", colour: "red" };
    expect(schemaMistakes(AgentDefinition, wrong).map(({ field }) => field)).toEqual([
      "/colour",
      "/owner",
      "/keys",
      "/expires",
    ]);
  });

  it.each<[string, Parameters<typeof schemaMistakes>, object]>([
    [
      "a literal that is misspelt",
      [Modes, { ...modes, default: "enforced" }],
      { field: "/default", found: "`enforced`", expected: "`enforce` or `shadow`", near: ["enforce"] },
    ],
    [
      "text where a number belongs",
      [Modes, { ...modes, ver: "1" }],
      { field: "/ver", found: "the text `1`", expected: "1" },
    ],
    [
      "a field that is misspelt, once",
      [AgentDefinition, { ...agent, owner: undefined, ownner: "team-sre" }],
      { field: "/ownner", found: "the field `ownner`", expected: "a known field", near: ["owner"] },
    ],
    ["a field that is missing", [Thresholds, {}], { field: "/ver", found: "nothing", expected: "1" }],
    [
      "a key that does not fit",
      [Modes, { ...modes, actions: { Deploy: { default: "shadow", services: {} } } }],
      {
        field: "/actions/Deploy",
        found: "the field `Deploy`",
        expected: "a name of lower-case letters, digits and `-`, at most 63",
      },
    ],
    [
      "a day that is misspelt",
      [Windows, windows({ days: ["mon", "tues"] })],
      { field: "/windows/0/days/1", found: "`tues`", near: ["tue"] },
    ],
    [
      "a time of day",
      [Windows, windows({ from: "9:00" })],
      { field: "/windows/0/from", found: "`9:00`", expected: "a time of day from `00:00` to `23:59`" },
    ],
    [
      "a number out of range",
      [Ceilings, { max_tier: 7 }],
      { field: "/max_tier", found: "7", expected: "an integer from 0 to 3" },
    ],
    [
      "a list of the wrong length",
      [Thresholds, { certificate_ttl_seconds: [90, 90, 60] }],
      { field: "/certificate_ttl_seconds", found: "a list of 3", expected: "a list of exactly 4" },
    ],
    ["an empty document", [Modes, null], { field: "", found: "null", expected: "a mapping" }],
    ["a list for a mapping", [Modes, []], { field: "", found: "an empty list", expected: "a mapping" }],
  ])("says what was found and expected for %s", (_, [schema, value], mistake) => {
    expect(schemaMistakes(schema, JSON.parse(JSON.stringify(value)))).toContainEqual(expect.objectContaining(mistake));
  });

  it("reports of a union only the branch that the discriminator selects", () => {
    const wrong = action({ type: "integer", minimum: 1, maximum: "ten", description: "x" });
    expect(schemaMistakes(ActionDefinition, wrong)).toEqual([
      { field: "/parameters/p/maximum", found: "the text `ten`", expected: "an integer" },
    ]);
    expect(schemaMistakes(ActionDefinition, action({ type: "integre", minimum: 1 }))).toEqual([
      {
        field: "/parameters/p/type",
        found: "`integre`",
        expected: "`string`, `integer`, `enum` or `boolean`",
        near: ["integer"],
      },
    ]);
    expect(schemaMistakes(ActionDefinition, action("integer"))).toEqual([
      { field: "/parameters/p", found: "`integer`", expected: "a mapping" },
    ]);
    expect(schemaMistakes(ActionDefinition, action({ minimum: 1 }))).toEqual([
      { field: "/parameters/p/type", found: "nothing", expected: "`string`, `integer`, `enum` or `boolean`" },
    ]);
  });

  it("does not repeat a private key", () => {
    const jwk = { kty: "OKP", crv: "Ed25519", x: "B".repeat(43), d: "hunter2hunter2" };
    const person = { ver: 1, name: "carol", groups: [], keys: [{ kid: "A".repeat(43), jwk }], agents: [] };
    const mistakes = schemaMistakes(PersonDefinition, person);
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]?.field).toBe("/keys/0/jwk/d");
    expect(JSON.stringify(mistakes)).not.toContain("hunter2");
    const asName = schemaMistakes(AgentDefinition, { ...agent, ghp_0123456789abcdefghijklmnopqrstuvwxyz: 1 });
    expect(JSON.stringify(asName)).not.toContain("0123456789");
  });

  it("stays small where a value is wrong in many places", () => {
    const keys = Array.from({ length: 20_000 }, () => "x");
    const mistakes = schemaMistakes(AgentDefinition, { ...agent, keys });
    expect(mistakes.length).toBeLessThanOrEqual(1000);
    expect(mistakes.length).toBeGreaterThan(1);
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { packBundle, readYaml } from "./index.js";
import { testsOf } from "./policy-test.js";

const vectors = join(import.meta.dirname, "../vectors/bundle.json");
const control: { files: Record<string, string> } = JSON.parse(readFileSync(vectors, "utf8"));

/** What packing says after one replacement in one file. */
function after(file: string, from: string, to: string) {
  const text = control.files[file];
  if (text === undefined || !text.includes(from)) throw new Error(`${file} has nothing to replace`);
  const packed = packBundle({ ...control.files, [file]: text.replace(from, () => to) });
  if (packed.ok) return ["ok"];
  return (packed.error.mistakes ?? []).map((mistake) => ({
    code: packed.error.code,
    file: mistake.file,
    field: mistake.field,
  }));
}
const invalid = (file: string, field: unknown) => [{ code: "catalogue_invalid", file, field }];
const tune = "actions/tune.yaml";
const deploy = "actions/deploy.yaml";

describe("an action definition", () => {
  it.each([
    ["an unanchored pattern", tune, 'pattern: "^[a-z]+', 'pattern: "[a-z]+', "/parameters/label/pattern"],
    [
      "a pattern with nested quantifiers",
      tune,
      '"^[a-z]+(?:-[a-z{}.$]+)?$"',
      '"^(?:[a-z]+)+$"',
      "/parameters/label/pattern",
    ],
    ["minimum over maximum", tune, "minimum: -5", "minimum: 5000", "/parameters/quota/minimum"],
    ["a choice twice", tune, "[stable, beta,", "[stable, stable,", "/parameters/track/values/1"],
    ["a decomposed choice", tune, '"caf\\u00e9"', '"cafe\\u0301"', "/parameters/track/values/2"],
    ["an open parameter that is not there", tune, "open: [level, count]", "open: [level, count, size]", "/open/2"],
    ["an open flag", tune, "open: [level, count]", "open: [level, count, paused]", "/open/2"],
    ["an open parameter named twice", tune, "open: [level, count]", "open: [level, count, level]", "/open/2"],
    [
      "a scope key that bounds nothing",
      tune,
      "{ bounds: quota, by: equals }",
      "{ bounds: qouta, by: equals }",
      "/scope/quota/bounds",
    ],
    [
      "a number bounded by prefix",
      tune,
      "{ bounds: quota, by: equals }",
      "{ bounds: quota, by: prefix }",
      "/scope/quota/by",
    ],
    [
      "text bounded by at_most",
      tune,
      "{ bounds: label, by: prefix }",
      "{ bounds: label, by: at_most }",
      "/scope/label_start/by",
    ],
    [
      "a fixed parameter without equals",
      tune,
      "{ bounds: quota, by: equals }",
      "{ bounds: quota, by: at_most }",
      "/parameters/quota",
    ],
    [
      "an open parameter by equals",
      tune,
      "{ bounds: count, by: at_most }",
      "{ bounds: count, by: equals }",
      "/scope/max_count/by",
    ],
    [
      "an unbounded parameter",
      deploy,
      "  max_replicas: { bounds: replicas, by: at_most }\n",
      "",
      "/parameters/replicas",
    ],
    [
      "an unknown template parameter",
      deploy,
      "{{parameters.image_digest}}",
      "{{parameters.image_digset}}",
      "/operation/edits/0/set/~1spec~1template~1spec~1containers~10~1image",
    ],
    ["an unknown service value", deploy, "{{service.path}}", "{{service.paht}}", "/operation/edits/0/path"],
    ["an unknown kind of variable", deploy, "{{service.path}}", "{{env.HOME}}", "/operation/edits/0/path"],
    ["half a variable", deploy, "{{service.path}}", "{{service.path}", "/operation/edits/0/path"],
    ["a variable with blanks", deploy, "{{service.path}}", "{{ service.path }}", "/operation/edits/0/path"],
    [
      "a variable in a key",
      deploy,
      "/spec/replicas: {",
      '"/spec/{{service.name}}": {',
      "/operation/edits/0/set/~1spec~1{{service.name}}",
    ],
    [
      "an open parameter as a variable",
      deploy,
      "{ $open: replicas }",
      '"{{parameters.replicas}}"',
      "/operation/edits/0/set/~1spec~1replicas",
    ],
    [
      "a fixed parameter as $open",
      deploy,
      '"{{service.image_repository}}@{{parameters.image_digest}}"',
      "{ $open: image_digest }",
      "/operation/edits/0/set/~1spec~1template~1spec~1containers~10~1image",
    ],
    [
      "$open with company",
      deploy,
      "{ $open: replicas }",
      "{ $open: replicas, or: 3 }",
      "/operation/edits/0/set/~1spec~1replicas/$open",
    ],
    [
      "$open of a number",
      deploy,
      "{ $open: replicas }",
      "{ $open: 3 }",
      "/operation/edits/0/set/~1spec~1replicas/$open",
    ],
    [
      "another $ key",
      deploy,
      "{ $open: replicas }",
      "{ $eval: replicas }",
      "/operation/edits/0/set/~1spec~1replicas/$eval",
    ],
    [
      "a parameter that is not used",
      deploy,
      '"{{service.image_repository}}@{{parameters.image_digest}}"',
      "x",
      "/parameters/image_digest",
    ],
    [
      "a live field that depends on a parameter",
      tune,
      '"{{service.path}}#/label"',
      '"{{parameters.label}}#/label"',
      "/live/label/at",
    ],
    [
      "a live field with an unknown value",
      tune,
      '"{{service.path}}#/label"',
      '"{{service.nope}}#/label"',
      "/live/label/at",
    ],
    [
      "a consequence of a choice",
      tune,
      "{ parameter: quota, above: 500",
      "{ parameter: track, above: 500",
      "/consequences/2/parameter",
    ],
    [
      "a consequence of nothing",
      tune,
      "{ parameter: quota, above: 500",
      "{ parameter: size, above: 500",
      "/consequences/2/parameter",
    ],
    ["a field too many", deploy, "timeout_seconds: 30", "timeout_seconds: 30\ncommand: rm -rf /", "/command"],
    ["a field missing", deploy, "timeout_seconds: 30\n", "", "/timeout_seconds"],
    ["a time over the limit", deploy, "timeout_seconds: 30", "timeout_seconds: 3000", "/timeout_seconds"],
    ["a name that is not the file's", deploy, "name: deploy", "name: deploi", "/name"],
    ["a key twice", deploy, "tier: 1\n", "tier: 1\ntier: 1\n", "/tier"],
    ["an alias", deploy, "open: [replicas]", "open: *x", "/open"],
  ])("with %s is refused, and the place named", (_, file, from, to, field) => {
    expect(after(file, from, to)).toEqual(invalid(file, field));
  });

  it("may nest no deeper than 16", () => {
    const deep = `${"{ a: ".repeat(18)}1${" }".repeat(18)}`;
    const field = `/operation/extra${"/a".repeat(15)}`;
    expect(after(deploy, "branch: main", `branch: main\n  extra: ${deep}`)).toEqual(invalid(deploy, field));
  });
});

describe("files that refer to each other", () => {
  it.each([
    ["an agent's unknown action", "agents/oncall-v3.yaml", "[deploy, scale]", "[deploy, destroy]", "/actions/1"],
    ["a person's unknown agent", "people/carol.yaml", "agents: []", 'agents: ["agent:nobody"]', "/agents/0"],
    ["a kid that is not the key's", "people/carol.yaml", "kid: 6", "kid: 7", "/keys/0/kid"],
    [
      "a value named like a built-in variable",
      "services/search.yaml",
      "namespace: search",
      "region: search",
      "/regions/us-east-1/values/region",
    ],
    ["a mode of an unknown action", "policy/modes.yaml", "  scale:", "  shrink:", "/actions/shrink"],
    [
      "a mode of an unknown service",
      "policy/modes.yaml",
      "search: shadow",
      "searhc: shadow",
      "/actions/scale/services/searhc",
    ],
    [
      "a window of an unknown service",
      "policy/windows.yaml",
      'services: ["*"]\n    zone',
      'services: ["*", searhc]\n    zone',
      "/windows/0/services/1",
    ],
    ["a time zone that is none", "policy/windows.yaml", "zone: UTC", "zone: Mars/Olympus", "/windows/0/zone"],
    ["an offset for a zone", "policy/windows.yaml", "zone: UTC", 'zone: "+01:00"', "/windows/0/zone"],
    ["a day twice", "policy/windows.yaml", "wed, thu, fri, sat", "wed, thu, wed, sat", "/windows/0/days/4"],
    [
      "an empty window",
      "policy/windows.yaml",
      'from: "00:00"\n    to: "00:00"',
      'from: "09:00"\n    to: "09:00"',
      "/windows/0/to",
    ],
    [
      "a freeze that ends before it starts",
      "policy/windows.yaml",
      "freezes: []",
      'freezes: [{ name: f, services: ["*"], from: 1800000000, to: 1800000000, reason: x }]',
      "/freezes/0/to",
    ],
    [
      "two windows of one name",
      "policy/windows.yaml",
      "freezes: []",
      'freezes: [{ name: always, services: ["*"], from: 1800000000, to: 1800000009, reason: x }]',
      "/freezes/0/name",
    ],
  ])("%s is refused, and the place named", (_, file, from, to, field) => {
    expect(after(file, from, to)).toEqual(invalid(file, field));
  });

  it("one key has one holder", () => {
    const key = "WJfU0fO6FY7a3edoUx6fogGcqKYNRdvQ1CfV_fzztU0";
    const carol = "6CM3mR_AoT-5oZUeBqyTZPxi0HRpnni2TqBByDr7Qxs";
    const ci = "wVoe2mP5l-mBYJ3m9j6xoHCbDZeB7_Owwknth8B03LI";
    const agent = "agents/oncall-v3.yaml";
    expect(after(agent, `- ${key}`, `- ${key}\n  - ${key}`)).toEqual(invalid(agent, "/keys/1"));
    expect(after(agent, key, carol)).toEqual(invalid("people/carol.yaml", "/keys/0"));
    expect(after(agent, `- ${key}`, `- ${ci}`)).toEqual(invalid("roots/ci.yaml", "/jwk"));
  });

  /** Thumbprints of points of order 8, 1 and 4, reckoned with `openssl dgst` over their RFC 7638 JSON. */
  it.each([
    "dAPCOUA-LvEuseWdWqPioC71rWjJw4j_MI5dFJlRpPk",
    "eV9frzBXPTP92MWWMpoFOh0WI_kJLvGlhcNs15APU_s",
    "_u1ng0q0KLy_N7DwZ7DMzsFWyjKNY3yBQ4yFvRDsZ-w",
  ])("the thumbprint %s of a key that needs no private part is refused", (weak) => {
    const file = "agents/oncall-v3.yaml";
    expect(after(file, "WJfU0fO6FY7a3edoUx6fogGcqKYNRdvQ1CfV_fzztU0", weak)).toEqual(invalid(file, "/keys/0"));
  });

  it("a policy test of something that is not there is refused", () => {
    const file = "policy/tests/deploy.yaml";
    expect(after(file, "service: checkout", "service: chekcout")).toEqual(invalid(file, "/tests/0/service"));
    expect(after(file, "with: {}", "with: { moon: full }")).toEqual(invalid(file, "/tests/0/with/moon"));
  });

  it("a fact that the policy tests leave out counts as absent", () => {
    const text = control.files["policy/tests/deploy.yaml"] ?? "";
    const contexts = (file: string) => {
      const read = readYaml(file);
      return testsOf("policy/tests/deploy.yaml", read.ok ? read.value : undefined).map(({ context }) => context);
    };
    expect(contexts(text.replace("  freeze: false\n", "")).at(0)).toEqual({ ...contexts(text).at(0), freeze: true });
  });
});

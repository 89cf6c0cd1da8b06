import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { Ceilings, Targets, validate } from "@seb/schema";
import type { TSchema } from "typebox";
import { ceilingMistakes, openBundle, packBundle, readConfigFile, readYaml, targetUseMistakes } from "./index.js";

const file = (path: string) => readFileSync(join(import.meta.dirname, path), "utf8");
const control: { files: Record<string, string> } = JSON.parse(file("../vectors/bundle.json"));
const packed = packBundle(control.files);
if (!packed.ok) throw new Error(packed.error.detail);
const opened = openBundle(packed.value.text, packed.value.digest);
if (!opened.ok) throw new Error(opened.error.detail);
const bundle = opened.value;

function read<S extends TSchema>(schema: S, text: string) {
  const yaml = readYaml(text);
  const valid = validate(schema, yaml.ok ? yaml.value : undefined, "setting_invalid");
  if (!valid.ok) throw new Error(valid.error.detail);
  return valid.value;
}

const CEILINGS = `ver: 1
actions: [deploy, sclae]
resources: ["service:*/region:us-east-1", "service:checkout/region:eu-wset-1"]
subjects: ["agent:*", "agent:oncall-v2"]
max_tier: 2
max_lifetime_seconds: 60
executions_per_hour: 200
executions_per_hour_per_resource: 60
`;

describe("the platform's files, checked with a bundle", () => {
  it("may name only what it has, and must admit what it issues", () => {
    expect([...ceilingMistakes(read(Ceilings, CEILINGS), bundle)]).toMatchObject([
      { field: "/actions/1", near: ["scale"] },
      { field: "/subjects/1", near: ["agent:oncall-v3"] },
      { field: "/resources/1", near: ["service:checkout/region:eu-west-1"] },
      { field: "/max_lifetime_seconds", found: "60", expected: expect.stringContaining("at least 90") },
    ]);
  });

  it("have the targets that its services name", () => {
    const targets = read(Targets, "ver: 1\ntargets: { gitosp: { connector: git, url: /srv/ops.git } }\n");
    const places = [...targetUseMistakes(targets, bundle)].map(({ file: path, field, near }) => [path, field, near]);
    expect(places).toEqual([
      ["services/checkout.yaml", "/regions/us-east-1/target", ["gitosp"]],
      ["services/checkout.yaml", "/regions/eu-west-1/target", ["gitosp"]],
      ["services/search.yaml", "/regions/us-east-1/target", ["gitosp"]],
    ]);
  });

  it("fit the examples", () => {
    const examples = "../../../examples";
    expect([...ceilingMistakes(read(Ceilings, file(`${examples}/ceilings.yaml`)), bundle)]).toEqual([]);
    expect([...targetUseMistakes(read(Targets, file(`${examples}/targets.yaml`)), bundle)]).toEqual([]);
  });
});

describe("readConfigFile", () => {
  it("finds what is wrong within one file, with its line", () => {
    const read = readConfigFile("ceilings", "ceilings.yaml", CEILINGS.replace("[deploy, sclae]", "[deploy, deploy]"));
    expect(read.ok ? [] : read.error.mistakes).toEqual([
      { file: "ceilings.yaml", field: "/actions/1", line: 2, found: "`deploy` again", expected: "each one once" },
    ]);
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { Ceilings, Targets, validate } from "@seb/schema";
import { openBundle, packBundle, readYaml, targetMistakes } from "./index.js";

const examples = join(import.meta.dirname, "../../../examples");

function exampleFiles(name = "control"): Record<string, string> {
  const folder = join(examples, name);
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]));
}

describe("examples", () => {
  it("the control folder packs and opens", () => {
    const packed = packBundle(exampleFiles());
    if (!packed.ok) throw new Error(packed.error.detail);
    const opened = openBundle(packed.value.text, packed.value.digest);
    if (!opened.ok) throw new Error(opened.error.detail);
    expect([...opened.value.actions.keys()]).toEqual(["deploy", "scale"]);
    expect([...opened.value.services.keys()]).toEqual(["checkout", "search"]);
    expect(opened.value.policyTests.length).toBeGreaterThan(15);
  });

  it("the Kubernetes actions and services are in their connector's language", () => {
    const added = Object.entries(exampleFiles("kubernetes")).filter(([path]) => /^(?:actions|services)\//.test(path));
    expect(added.length).toBeGreaterThan(4);
    const packed = packBundle({ ...exampleFiles(), ...Object.fromEntries(added) });
    // The example's one service lives in clusters, and the GitOps actions still have the other.
    expect(packed).toMatchObject({ ok: true });
  });

  it.each([
    ["ceilings.yaml", Ceilings],
    ["targets.yaml", Targets],
  ])("%s fits its schema", (name, schema) => {
    const read = readYaml(readFileSync(join(examples, name), "utf8"));
    expect(read.ok && validate(schema, read.value, "setting_invalid").ok).toBe(true);
  });

  it.each(["targets.yaml", "kubernetes/targets.yaml"])(
    "the entries of %s are in their connectors' languages",
    (name) => {
      const read = readYaml(readFileSync(join(examples, name), "utf8"));
      const targets = read.ok ? validate(Targets, read.value, "setting_invalid") : undefined;
      if (!targets?.ok) throw new Error("not of the schema");
      expect([...targetMistakes(targets.value)]).toEqual([]);
    },
  );
});

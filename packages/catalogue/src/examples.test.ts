import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { Ceilings, Targets, validate } from "@seb/schema";
import { openBundle, packBundle, readYaml } from "./index.js";

const examples = join(import.meta.dirname, "../../../examples");

function exampleFiles(): Record<string, string> {
  const folder = join(examples, "control");
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

  it.each([
    ["ceilings.yaml", Ceilings],
    ["targets.yaml", Targets],
  ])("%s fits its schema", (name, schema) => {
    const read = readYaml(readFileSync(join(examples, name), "utf8"));
    expect(read.ok && validate(schema, read.value, "setting_invalid").ok).toBe(true);
  });
});

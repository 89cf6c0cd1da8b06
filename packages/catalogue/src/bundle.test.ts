import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { canonicalize, digest } from "@seb/canonical";
import { openBundle, packBundle } from "./index.js";

const vectors = join(import.meta.dirname, "../vectors/bundle.json");
const control: { digest: string; files: Record<string, string> } = JSON.parse(readFileSync(vectors, "utf8"));
const packed = packBundle(control.files);
if (!packed.ok) throw new Error(packed.error.detail);
const { text } = packed.value;

const packCode = (files: Record<string, string>) => {
  const made = packBundle(files);
  return made.ok ? "ok" : made.error.code;
};
const openCode = (bundle: string, expected = control.digest) => {
  const opened = openBundle(bundle, expected);
  return opened.ok ? "ok" : opened.error.code;
};
const without = (path: string) => Object.fromEntries(Object.entries(control.files).filter(([name]) => name !== path));

describe("packBundle", () => {
  it("does not depend on the order of files", () => {
    expect(packBundle(Object.fromEntries(Object.entries(control.files).reverse()))).toEqual(packed);
  });

  it("gives another digest for another byte", () => {
    const path = "policy/10-auto-low-risk.cedar";
    const other = packBundle({ ...control.files, [path]: `${control.files[path]} ` });
    expect(other.ok && other.value.digest).not.toBe(control.digest);
  });

  it.each([
    "README.md",
    "actions/deploy.yml",
    "actions/Deploy.yaml",
    "actions/../deploy.yaml",
    "actions/sub/deploy.yaml",
    "/actions/deploy.yaml",
    "actions/dep\u043eloy.yaml",
    "policy/other.yaml",
    "policy/tests/x.cedar",
    "policy/schema.cedarschema.bak",
    "",
    "__proto__",
  ])("refuses a file named %j", (path) => {
    expect(packCode({ ...control.files, [path]: "x: 1\n" })).toBe("bundle_unreadable");
  });

  it.each([
    "policy/schema.cedarschema",
    "policy/windows.yaml",
    "policy/modes.yaml",
    "policy/thresholds.yaml",
    "policy/tests/deploy.yaml",
  ])("refuses a folder without %s", (path) => {
    expect(packCode(without(path))).toBe("bundle_unreadable");
  });

  it("refuses a folder without policies, too many files, too many bytes, and broken text", () => {
    const noCedar = Object.entries(control.files).filter(([path]) => !path.endsWith(".cedar"));
    expect(packCode(Object.fromEntries(noCedar))).toBe("bundle_unreadable");
    const many = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`actions/a${index}.yaml`, "x"]));
    expect(packCode({ ...control.files, ...many })).toBe("bundle_unreadable");
    const large = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`policy/p${index}.cedar`, `// ${"x".repeat(60_000)}`]),
    );
    expect(packCode({ ...control.files, ...large })).toBe("bundle_unreadable");
    expect(packCode({ ...control.files, "policy/x.cedar": "\ud800" })).toBe("bundle_unreadable");
  });

  it("names a file that is too large", () => {
    const made = packBundle({ ...control.files, "actions/deploy.yaml": "x".repeat(1_048_576) });
    expect(made).toMatchObject({ error: { code: "catalogue_invalid", facts: { file: "actions/deploy.yaml" } } });
  });
});

describe("openBundle", () => {
  it("opens what was packed, in frozen parts", () => {
    const opened = openBundle(text, control.digest);
    if (!opened.ok) throw new Error(opened.error.detail);
    const { value } = opened;
    expect([...value.actions.keys()]).toEqual(["deploy", "scale", "tune"]);
    expect([...value.agents.keys()]).toEqual(["agent:oncall-v3"]);
    expect(value.cedar.policies.indexOf("auto-low-risk-v2")).toBeLessThan(value.cedar.policies.indexOf("no-critical"));
    expect(Object.isFrozen(value.actions.get("deploy")?.parameters)).toBe(true);
    expect(Object.isFrozen(value.thresholds.risk_weights)).toBe(true);
  });

  it.each<[string, string, string]>([
    ["another digest", text, `sha256:${"0".repeat(64)}`],
    ["a digest of another type", text, digest("seb-contract-v1", JSON.parse(text))],
    ["a blank more", `${text} `, control.digest],
    ["other key order", JSON.stringify({ ver: 1, ...JSON.parse(text) }), control.digest],
    ["no JSON", "{", control.digest],
    ["a list", "[]", control.digest],
    ["nothing", "", control.digest],
  ])("refuses a text with %s", (_, bundle, expected) => {
    expect(openCode(bundle, expected)).toBe("bundle_invalid");
  });

  it.each([
    ["another version", { ver: 2, files: control.files }],
    ["a member too many", { ver: 1, files: control.files, note: "" }],
    ["a file that is no text", { ver: 1, files: { ...control.files, "policy/x.cedar": 1 } }],
    ["files in a list", { ver: 1, files: [] }],
    ["a wrong definition", { ver: 1, files: { ...control.files, "actions/deploy.yaml": "ver: 1\n" } }],
    ["a file too many", { ver: 1, files: { ...control.files, "run.sh": "" } }],
  ])("refuses %s even under its own digest", (_, value) => {
    expect(openCode(canonicalize(value), digest("seb-bundle-v1", value))).toBe("bundle_invalid");
  });
});

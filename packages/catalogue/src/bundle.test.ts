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
    "policy/schema.cedarschema",
    "",
    "__proto__",
  ])("refuses a file named %j", (path) => {
    expect(packCode({ ...control.files, [path]: "x: 1\n" })).toBe("bundle_unreadable");
  });

  it.each(["policy/windows.yaml", "policy/modes.yaml", "policy/thresholds.yaml", "policy/tests/deploy.yaml"])(
    "refuses a folder without %s",
    (path) => {
      expect(packCode(without(path))).toBe("bundle_unreadable");
    },
  );

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
    expect(made).toMatchObject({ error: { code: "bundle_unreadable", facts: { file: "actions/deploy.yaml" } } });
  });
});

describe("mistakes", () => {
  const edited = (changes: Readonly<Record<string, readonly [string, string]>>) => {
    const texts = Object.entries(changes).map(([path, [from, to]]) => [path, control.files[path]?.replace(from, to)]);
    return { ...control.files, ...Object.fromEntries(texts) } as Record<string, string>;
  };
  const wrong = edited({
    "actions/deploy.yaml": ["bounds: replicas", "bounds: replica"],
    "agents/oncall-v3.yaml": ["[deploy, scale]", "[deploy, sclae]"],
    "policy/modes.yaml": ["default: enforce", "default: enforced"],
    "services/search.yaml": ["tier: 0", "tier: 0\ntier: 0"],
  });

  it("of all files are told at once, each with its line, what was found and expected, and near names", () => {
    const made = packBundle(wrong);
    if (made.ok) throw new Error("packed");
    expect(made.error.mistakes).toEqual([
      {
        file: "actions/deploy.yaml",
        field: "/scope/max_replicas/bounds",
        line: 20,
        found: "`replica`",
        expected: "one of the action's parameters: `image_digest` or `replicas`",
        near: ["replicas"],
      },
      {
        file: "agents/oncall-v3.yaml",
        field: "/actions/1",
        line: 7,
        found: "`sclae`",
        expected: "an action: `deploy`, `scale` or `tune`",
        near: ["scale"],
      },
      {
        file: "policy/modes.yaml",
        field: "/default",
        line: 3,
        found: "`enforced`",
        expected: "`enforce` or `shadow`",
        near: ["enforce"],
      },
      {
        file: "services/search.yaml",
        field: "/tier",
        line: 8,
        found: "the key `tier` again",
        expected: "each key once",
      },
    ]);
    expect(made.error.detail).toMatch(/did you mean `replicas`\? And 3 more\.$/);
  });

  it("are told by openBundle as well", () => {
    const value = { ver: 1, files: wrong };
    const opened = openBundle(canonicalize(value), digest("bundle", value));
    expect(opened.ok ? [] : opened.error.mistakes).toHaveLength(4);
  });

  it("do not blame what refers to a file that cannot be read", () => {
    const files = { ...control.files, "actions/deploy.yaml": "a: [", "services/checkout.yaml": "ver: 2\n" };
    const made = packBundle(files);
    expect(new Set(made.ok ? [] : made.error.mistakes?.map(({ file }) => file))).toEqual(
      new Set(["actions/deploy.yaml", "services/checkout.yaml"]),
    );
  });

  it.each([
    ["policy/window.yaml", "policy/windows.yaml"],
    ["Policy/Windows.yml", "policy/windows.yaml"],
    ["windows.yaml", "policy/windows.yaml"],
    ["action/restart.yml", "actions/restart.yaml"],
  ])("of a file named %s is one, with the right name near", (path, near) => {
    const { [near]: text = "", ...others } = control.files;
    const made = packBundle({ ...others, [path]: text });
    expect(made.ok ? [] : made.error.mistakes).toEqual([
      expect.objectContaining({ file: path, found: "a file that does not belong here", near: [near] }),
    ]);
  });
});

describe("openBundle", () => {
  it("opens what was packed, in frozen parts", () => {
    const opened = openBundle(text, control.digest);
    if (!opened.ok) throw new Error(opened.error.detail);
    const { value } = opened;
    expect([...value.actions.keys()]).toEqual(["deploy", "scale", "tune"]);
    expect([...value.agents.keys()]).toEqual(["agent:oncall-v3"]);
    expect(value.policies.map(({ file }) => file)).toEqual([
      "policy/10-auto-low-risk.cedar",
      "policy/20-emergency-rollback.cedar",
      "policy/30-human-approved.cedar",
      "policy/90-no-critical.cedar",
    ]);
    expect(Object.isFrozen(value.actions.get("deploy")?.parameters)).toBe(true);
    expect(Object.isFrozen(value.thresholds.risk_weights)).toBe(true);
  });

  it.each<[string, string, string]>([
    ["another digest", text, `sha256:${"0".repeat(64)}`],
    ["a digest of another type", text, digest("contract", JSON.parse(text))],
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
    expect(openCode(canonicalize(value), digest("bundle", value))).toBe("bundle_invalid");
  });
});

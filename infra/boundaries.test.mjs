import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { packageOf, violations } from "./boundaries.mjs";
import { circles } from "./circles.mjs";
import { readSource, readWorkspaces } from "./workspaces.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const readJson = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
const rules = readJson("./boundaries.json");

/** A workspace in memory; `sources` maps a path to its text. */
function workspace(name, tag, dependencies = [], sources = {}, files = []) {
  const read = Object.entries(sources).map(([path, text]) => ({
    path,
    test: path.includes(".test."),
    ...readSource(path, text),
  }));
  return {
    name: `@seb/${name}`,
    tag,
    dependencies: dependencies.map((dependency) => dependency.replace(/^~/, "@seb/")),
    files,
    sources: read,
  };
}

describe("the workspaces of this checkout", () => {
  const workspaces = readWorkspaces(root);

  it("keep every dependency rule", () => {
    expect(violations(rules, workspaces)).toEqual([]);
  });

  it("hold no circle of imports", () => {
    expect(circles(workspaces)).toEqual([]);
  });

  it("are all found, each under a tag with a rule", () => {
    expect(workspaces.length).toBeGreaterThan(15);
    for (const { tag } of workspaces) expect(Object.keys(rules.reaches)).toContain(tag);
  });

  it("are held to the same rules by turbo", () => {
    const { tags } = readJson("../turbo.json").boundaries;
    expect(Object.keys(tags).sort()).toEqual(Object.keys(rules.reaches).sort());
    for (const [tag, { dependencies, dependents }] of Object.entries(tags)) {
      expect({ tag, allow: dependencies.allow }).toEqual({ tag, allow: rules.reaches[tag] });
      expect({ tag, allow: dependents?.allow }).toEqual({ tag, allow: rules.reachedBy[tag] });
    }
  });
});

describe("a bad graph is refused", () => {
  const words = workspace("schema", "words");
  const signing = workspace("signing-core", "signing", ["~schema"]);

  it.each([
    ["verify reaches signing", [workspace("verify-core", "verify", ["~signing-core"])]],
    ["the broker reaches signing", [workspace("broker", "app-broker", ["~signing-core"])]],
    [
      "signing through a permitted neighbour",
      [workspace("records", "records", ["~seal"]), workspace("seal", "seal", ["~signing-core"])],
    ],
    [
      "the signer reaches a connector",
      [workspace("connector-git", "connector"), workspace("signer", "app-signer", ["~connector-git"])],
    ],
    ["an app reaches an app", [workspace("signer", "app-signer"), workspace("broker", "app-broker", ["~signer"])]],
    ["e2e reaches a word", [workspace("e2e", "e2e", ["~schema"])]],
    ["testkit reaches a word", [workspace("testkit", "testkit", ["~schema"])]],
    ["a package reaches testkit", [workspace("testkit", "testkit"), workspace("seal", "seal", ["~testkit"])]],
    ["words reach verify", [workspace("canonical", "words", ["~verify-core"]), workspace("verify-core", "verify")]],
    [
      "a cycle hides the way",
      [workspace("records", "records", ["~seal"]), workspace("seal", "seal", ["~records", "~signing-core"])],
    ],
    ["no tag", [workspace("odd", undefined)]],
  ])("%s", (_title, graph) => {
    expect(violations(rules, [words, signing, ...graph])).not.toEqual([]);
  });

  it("lets tests use the test kit, and nothing that is shipped", () => {
    const kit = workspace("testkit", "testkit");
    const using = (path) => workspace("seal", "seal", [], { [path]: 'import { tempDir } from "@seb/testkit";' });
    expect(violations(rules, [kit, using("src/a.test.ts")])).toEqual([]);
    expect(violations(rules, [kit, using("src/a.ts")])).not.toEqual([]);
  });

  it("names the way from one to the other", () => {
    const graph = [
      workspace("records", "records", ["~seal"]),
      workspace("seal", "seal", ["~signing-core"]),
      signing,
      words,
    ];
    expect(violations(rules, graph).join("\n")).toContain("@seb/records > @seb/seal > @seb/signing-core");
  });

  it.each([
    ["a workspace that package.json does not name", { "src/a.ts": `import type { A } from "@seb/schema";` }],
    ["a package that package.json does not name", { "src/a.ts": `export * from "yaml/util";` }],
    ["the same, loaded later", { "src/a.ts": `const x = await import("yaml");` }],
    ["the same, as a type", { "src/a.ts": `type X = import("yaml").Document;` }],
    ["a test tool in shipped code", { "src/a.ts": `import { it } from "@jest/globals";` }],
    ["a file of another workspace", { "src/a.test.ts": `import "../../seal/src/index.js";` }],
  ])("imports %s", (_title, sources) => {
    expect(violations(rules, [words, workspace("seal", "seal", [], sources)])).toHaveLength(1);
  });

  it.each(["SignJWT", "CompactSign", "GeneralSign", "FlattenedSign"])("verify-core uses %s", (name) => {
    const direct = workspace("verify-core", "verify", ["jose"], { "src/a.ts": `import { ${name} as S } from "jose";` });
    const all = workspace("verify-core", "verify", ["jose"], {
      "src/a.ts": `import * as jose from "jose"; jose.${name};`,
    });
    const test = workspace("verify-core", "verify", ["jose"], { "src/a.test.ts": `import { ${name} } from "jose";` });
    expect([direct, all, test].map((it) => violations(rules, [it]).length)).toEqual([1, 1, 0]);
  });

  it.each([
    `import { readFileSync } from "node:fs";`,
    `import { readFile } from "fs/promises";`,
    `import net from "node:net";`,
    `import { spawn } from "node:child_process";`,
    `import { setTimeout as sleep } from "node:timers/promises";`,
    "const now = Date.now();",
    "const now = new Date();",
    "const now = new Date;",
    "const now = Date();",
    "const n = Math.random();",
    "const e = process.env;",
    "setTimeout(() => undefined, 1);",
    "console.log(1);",
  ])("a pure core contains %s", (text) => {
    expect(violations(rules, [workspace("canonical", "words", [], { "src/a.ts": text })])).not.toEqual([]);
  });

  it.each([
    "export const at = (ms: number) => new Date(ms).toISOString();",
    "// Date.now() is not read here, nor process.env\nexport const text = 'Math.random()';",
    `import { createHash } from "node:crypto"; export const h = createHash;`,
    "export interface Request { console: string; fetch: number }\nexport const f = (r: Request) => r.fetch;",
  ])("but a pure core may contain %s", (text) => {
    expect(violations(rules, [workspace("canonical", "words", [], { "src/a.ts": text })])).toEqual([]);
  });

  it("signing-core is too long, or nobody has audited it", () => {
    const long = workspace("signing-core", "signing", [], { "src/a.ts": "//\n".repeat(801) }, ["AUDIT.md"]);
    const unaudited = workspace("signing-core", "signing", [], { "src/a.ts": "//\n".repeat(800) });
    const good = workspace("signing-core", "signing", [], { "src/a.ts": "//\n".repeat(800) }, ["AUDIT.md"]);
    expect([long, unaudited, good].map((it) => violations(rules, [it]).length)).toEqual([1, 1, 0]);
  });
});

describe("packageOf", () => {
  it.each([
    ["@seb/records/contract", "@seb/records"],
    ["ajv/dist/2020.js", "ajv"],
    ["fs/promises", "node:fs/promises"],
    ["node:test", "node:test"],
    ["./index.js", undefined],
  ])("%s", (specifier, expected) => {
    expect(packageOf(specifier)).toBe(expected);
  });
});

describe("a circle of imports", () => {
  it.each([
    ["of two files", { "src/a.ts": 'import "./b.js";', "src/b.ts": 'import "./a.js";' }],
    ["of types", { "src/a.ts": 'import type { B } from "./b.js";', "src/b.ts": 'export type { A } from "./a.js";' }],
    [
      "through a folder",
      {
        "src/a.ts": 'import "./c/b.js";',
        "src/c/b.ts": 'import "./d.js";',
        "src/c/d.ts": 'export * from "../a.js";',
      },
    ],
  ])("%s is told once, with its way", (_title, sources) => {
    const [told, ...more] = circles([workspace("seal", "seal", [], sources)]);
    expect(told).toMatch(/^@seb\/seal: src\/a\.ts > .* > src\/a\.ts$/);
    expect(more).toEqual([]);
  });

  it("is not seen where one file is imported twice", () => {
    const sources = { "src/a.ts": 'import "./b.js";', "src/c.ts": 'import "./b.js"; import "./a.js";', "src/b.ts": "" };
    expect(circles([workspace("seal", "seal", [], sources)])).toEqual([]);
  });
});

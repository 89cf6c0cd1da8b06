import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import ts from "typescript";
import { after, always, becomes, before, drop, MODULE, never, text } from "./checks/mutant.mjs";
import { Sources } from "./sources.mjs";
import { standing } from "./standing.mjs";

const FILE = "apps/a/src/a.ts";
const TEXT = `
const PATTERN = /^DPoP ([!-~]+)$/;
export function check(age: number, keys: readonly string[]) {
  const seen: string[] = [];
  if (age > 10 && keys.length > 0) return "old";
  else seen.push("young");
  if (!keys.every((key) => key !== "weak")) return "weak";
  const settings = { ...{ a: 1 }, b: 2, "c": 3 };
  return \`\${Object.keys(settings).join("")}:\${seen.length}:\${[1, ...keys.map(() => 2)].length}\`;
}
export class Store {
  take(id: string) {
    return \`if id == "\${id}" then return 1 end\`;
  }
  close() {
    return PATTERN.test("DPoP a") as boolean;
  }
}
`;

describe("edit", () => {
  let root;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "seb-edit-"));
    mkdirSync(join(root, "apps/a/src"), { recursive: true });
    mkdirSync(join(root, "infra/redis"), { recursive: true });
    writeFileSync(join(root, FILE), TEXT);
    writeFileSync(join(root, "infra/redis/x.conf"), "appendonly  yes\nport 1\n");
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const stand = (...edits) => standing(new Sources(root), { name: "m", edits });

  /** Runs the edited module. */
  async function run(...edits) {
    const { files, why } = stand(...edits);
    expect(why).toBeUndefined();
    const { ES2022 } = ts.ScriptTarget;
    const code = ts.transpile(files.get(FILE), { target: ES2022, module: ts.ModuleKind.ES2022 }, FILE);
    return import(`data:text/javascript,${encodeURIComponent(code)}`);
  }

  it("leaves the module as it was but for the edit", async () => {
    const { check, Store } = await run(becomes(FILE, "check", '"old"', '"aged"'));
    expect([check(11, ["k"]), check(1, ["weak"]), check(1, ["k"]), check(11, [])]).toEqual([
      "aged",
      "weak",
      "abc:1:2",
      "abc:1:1",
    ]);
    expect([new Store().take("x"), new Store().close()]).toEqual(['if id == "x" then return 1 end', true]);
  });

  it("never: the condition is false", async () => {
    const { check } = await run(never(FILE, "check", "age > 10 && keys.length > 0"));
    expect(check(11, ["k"])).toBe("abc:1:2");
  });

  it("always: the condition is true, and what stands around it is kept", async () => {
    const { check } = await run(always(FILE, "check", "keys.length > 0"));
    expect([check(11, []), check(1, [])]).toEqual(["old", "abc:1:1"]);
  });

  it("drop: a statement is gone", async () => {
    const { check } = await run(drop(FILE, "check", 'if (!keys.every((key) => key !== "weak")) return "weak"'));
    expect(check(1, ["weak"])).toBe("abc:1:2");
  });

  it("drop: the only statement of an `else` is gone", async () => {
    const { check } = await run(drop(FILE, "check", "seen.push('young')"));
    expect(check(1, ["k"])).toBe("abc:0:2");
  });

  it("drop: an element of an object, of a list, of a class is gone", async () => {
    expect((await run(drop(FILE, "check", "b: 2"))).check(1, ["k"])).toBe("ac:1:2");
    expect((await run(drop(FILE, "check", "...{ a: 1 }"))).check(1, ["k"])).toBe("bc:1:2");
    expect((await run(drop(FILE, "check", "...keys.map(() => 2)"))).check(1, ["k"])).toBe("abc:1:1");
    const { Store } = await run(drop(FILE, "Store", 'close() { return PATTERN.test("DPoP a") as boolean; }'));
    expect(Object.getOwnPropertyNames(Store.prototype)).toEqual(["constructor", "take"]);
  });

  it("becomes: an expression keeps its place among operators", async () => {
    const { check } = await run(becomes(FILE, "check", "age > 10", "age > 20 || age === 5"));
    expect([check(11, ["k"]), check(5, ["k"]), check(5, [])]).toEqual(["abc:1:2", "old", "abc:1:1"]);
  });

  it("becomes: a statement may become several", async () => {
    const { check } = await run(becomes(FILE, "check", "seen.push('young')", "seen.push('a'); seen.push('b');"));
    expect(check(1, ["k"])).toBe("abc:2:2");
  });

  it("becomes: a pattern, a constant", async () => {
    const { Store } = await run(becomes(FILE, "PATTERN", "/^DPoP ([!-~]+)$/", "/^Bearer/"));
    expect(new Store().close()).toBe(false);
  });

  it("before and after: statements and elements", async () => {
    const early = before(FILE, "check", 'if (!keys.every((key) => key !== "weak")) return "weak";', 'return "early";');
    expect((await run(early)).check(1, ["weak"])).toBe("early");
    expect((await run(after(FILE, "check", "b: 2", "d: 4"))).check(1, ["k"])).toBe("abdc:1:2");
    expect((await run(before(FILE, "check", "...keys.map(() => 2)", "8, 9"))).check(1, ["k"])).toBe("abc:1:4");
  });

  it("edits text in a template, with what is filled in", async () => {
    const { Store } = await run(becomes(FILE, "Store.take", text('id == "${id}"'), '"${id.length}" ~= ""'));
    expect(new Store().take("xyz")).toBe('if "3" ~= "" then return 1 end');
    const { Store: Always } = await run(always(FILE, "take", text('id  ==  "${id}"')));
    expect(new Always().take("xyz")).toBe("if true then return 1 end");
  });

  it("edits a file that is not TypeScript", () => {
    const { files } = stand(becomes("infra/redis/x.conf", MODULE, text("appendonly yes"), "appendonly no"));
    expect([...files]).toEqual([["infra/redis/x.conf", "appendonly no\nport 1\n"]]);
  });

  it("makes several edits of one file", async () => {
    const { check } = await run(
      never(FILE, "check", "age > 10 && keys.length > 0"),
      drop(FILE, "check", "seen.push('young')"),
    );
    expect(check(11, ["k"])).toBe("abc:0:2");
  });

  it("refuses edits that cannot be made", () => {
    const refusals = [
      [[never(FILE, "check", 'return "old"')], "only an expression"],
      [[never(FILE, "check", "age > 10", "true")], "takes a condition and nothing else"],
      [[becomes(FILE, "check", "age > 10")], "what the piece becomes is missing"],
      [[drop(FILE, "check", "age > 10")], "only a statement, or an element of a list"],
      [[becomes(FILE, "check", "age > 10", "return 1")], "cannot stand there as expression"],
      [[becomes(FILE, "check", "b: 2", "if (x) y()")], "cannot stand there as members"],
      [[becomes(FILE, "check", "age > 10", "age>10")], "changes nothing"],
      [[never(FILE, "check", "age > 10"), never(FILE, "check", "age > 10 && keys.length > 0")], "within another"],
      [[never(FILE, "check", "age > 10"), always(FILE, "check", "age > 10")], "two edits of the same"],
    ];
    for (const [edits, why] of refusals) expect(stand(...edits).why).toContain(why);
  });
});

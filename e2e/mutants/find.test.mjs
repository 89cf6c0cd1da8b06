import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { always, drop, MODULE, never, text } from "./checks/mutant.mjs";
import { find } from "./find.mjs";
import { Sources } from "./sources.mjs";

const GUARD = "apps/broker/src/guard.ts";
const GUARD_TEXT = `
export function createGuard(ports: Ports) {
  const look = (running: Running): Result<void> => {
    if (running.recalled) return fail("recalled", 'the execution was "recalled"');
    return ok(undefined);
  };
  return { look };
}
`;

describe("find", () => {
  let root;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "seb-find-"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function tree(files) {
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), content);
    }
    return new Sources(root);
  }
  const placeOf = ({ place: { source, names } }) => `${source.file} ${names.join(".")}`;

  it("finds a condition in its file and function", () => {
    const sources = tree({ [GUARD]: GUARD_TEXT });
    for (const key of ["createGuard", "look", "createGuard.look"]) {
      const found = find(sources, never(GUARD, key, "running.recalled"));
      expect(placeOf(found)).toBe(`${GUARD} createGuard.look`);
      expect(found.moved).toBeUndefined();
    }
  });

  it("looks past layout, comments, quotes, and commas and semicolons at an end", () => {
    const sources = tree({ [GUARD]: GUARD_TEXT });
    const spelled = `if( running
        .recalled ) /* why */ return fail('recalled', "the execution was \\"recalled\\"",)`;
    expect(placeOf(find(sources, drop(GUARD, "look", spelled)))).toBe(`${GUARD} createGuard.look`);
  });

  it("keeps apart what differs by a token", () => {
    const sources = tree({ [GUARD]: GUARD_TEXT });
    for (const other of ["!running.recalled", "running.recalled()", "running?.recalled", "it.running.recalled"])
      expect(find(sources, never(GUARD, "look", other)).place).toBeUndefined();
  });

  it("does not take the words of a string or a comment for a condition", () => {
    const sources = tree({ [GUARD]: `function look() { const why = "running.recalled"; /* running.recalled */ }` });
    expect(find(sources, never(GUARD, "look", "running.recalled")).place).toBeUndefined();
  });

  it("means the condition of an `if` rather than another use of the same name", () => {
    const file = "apps/signer/src/a.ts";
    const sources = tree({
      [file]:
        "function f() { const differs = a !== b; log(differs); if (differs && later) return; if (differs) stop(); }",
    });
    const { place } = find(sources, never(file, "f", "differs"));
    expect(place.nodes[0].parent.getText()).toBe("if (differs) stop();");
  });

  it("refuses a condition that is missing, and says what was searched", () => {
    const sources = tree({ [GUARD]: GUARD_TEXT, "packages/a/src/other.ts": "export const a = 1;" });
    const { place, why } = find(sources, never(GUARD, "look", "running.revoked"));
    expect(place).toBeUndefined();
    expect(why).toBe(
      `the condition \`running.revoked\` is not in ${GUARD}, look nor in any other function of the 2 sources`,
    );
  });

  it("finds a moved condition in the function of the same name, before it looks in others", () => {
    const moved = "packages/a/src/deep/moved.ts";
    const sources = tree({
      [moved]: GUARD_TEXT,
      "packages/a/src/decoy.ts": "function other() { if (running.recalled) stop(); }",
    });
    const found = find(sources, never(GUARD, "look", "running.recalled"));
    expect(placeOf(found)).toBe(`${moved} createGuard.look`);
    expect(found.moved).toBe(`${moved} (createGuard.look)`);
  });

  it("finds a condition whose function has another name", () => {
    const sources = tree({ [GUARD]: GUARD_TEXT });
    const found = find(sources, never(GUARD, "isRecalled", "running.recalled"));
    expect(found.moved).toBe(`${GUARD} (createGuard.look)`);
  });

  it("refuses a condition that could be several", () => {
    const twice = tree({ [GUARD]: GUARD_TEXT.replace("return ok", "if (running.recalled) stop();\n return ok") });
    expect(find(twice, never(GUARD, "look", "running.recalled")).why).toContain("stands 2 times in");
    const elsewhere = tree({ "packages/a/src/x.ts": GUARD_TEXT, "packages/b/src/x.ts": GUARD_TEXT, [GUARD]: "" });
    const { why } = find(elsewhere, never(GUARD, "look", "running.recalled"));
    expect(why).toContain("stands 2 times elsewhere: packages/a/src/x.ts (createGuard.look), packages/b/src/x.ts");
  });

  it("refuses a condition that is not a piece of TypeScript", () => {
    const sources = tree({ [GUARD]: GUARD_TEXT });
    expect(find(sources, never(GUARD, "look", "if (running.recalled")).why).toContain("is not a piece of TypeScript");
  });

  it("does not search tests", () => {
    const sources = tree({ "apps/broker/src/guard.test.ts": GUARD_TEXT });
    expect(find(sources, never(GUARD, "look", "running.recalled")).place).toBeUndefined();
  });

  it("keys code outside of functions by its constant, or as the module's", () => {
    const file = "apps/seb/src/main.ts";
    const sources = tree({ [file]: "const MODE = 0o600;\nprocess.exitCode = unwritten && code === 0 ? 3 : code;" });
    expect(find(sources, always(file, MODULE, "unwritten && code === 0")).moved).toBeUndefined();
    expect(find(sources, always(file, "MODE", "0o600")).moved).toBeUndefined();
  });

  it("finds a condition of Lua by the Lua function that it stands in", () => {
    const file = "packages/authority/src/lua.ts";
    const lua = "export const TAKE = `\nlocal function first(ask)\n  if ask.exp <= now then return 1 end\nend\n";
    const sources = tree({
      [file]: `${lua}local function second(ask)\n  if ask.exp  <= now then return 2 end\nend\n\`;`,
    });
    for (const [key, at] of [
      ["first", 40],
      ["second", 100],
    ]) {
      const { place, moved } = find(sources, never(file, key, text("ask.exp <= now")));
      expect(moved).toBeUndefined();
      expect(place.names).toEqual(["TAKE", key]);
      expect(Math.abs(place.range[0] - at)).toBeLessThan(40);
    }
    expect(find(sources, never(file, "third", text("ask.exp <= now"))).why).toContain("stands 2 times elsewhere");
  });

  it("finds settings in a file that is not TypeScript", () => {
    const file = "infra/redis/users.acl.template";
    const sources = tree({ [file]: "user broker on  ~x\nuser broker-2 on ~x\n" });
    expect(find(sources, drop("infra/redis/users.acl", MODULE, text("user broker on ~x"))).moved).toContain(file);
    expect(find(sources, drop(file, MODULE, text("user broker-3"))).place).toBeUndefined();
  });
});

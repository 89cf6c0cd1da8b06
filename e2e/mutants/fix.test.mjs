import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { drop, MODULE, never, text } from "./checks/mutant.mjs";
import { fixEntries } from "./fix.mjs";

const LIST = `const shared = "packages/a/src/old.ts";
const noLook = never("packages/a/src/old.ts", "look", 'kind === "a"');
export const LIST = [drop("packages/a/src/old.ts", "look", "go();"), never("packages/a/src/old.ts", "look", "other")];
export const MORE = [never("infra/old.conf", MODULE, text("port 1")), never(shared, "look", "kept")];
`;
const to = (file, names) => ({ source: { file }, names });

describe("--fix", () => {
  let folder;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "seb-fix-"));
    writeFileSync(join(folder, "list.mjs"), LIST);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("rewrites file and function of the entries that moved, and no others", () => {
    const moved = [
      {
        edit: never("packages/a/src/old.ts", "look", 'kind === "a"'),
        place: to("packages/b/src/new.ts", ["G", "see"]),
      },
      { edit: drop("packages/a/src/old.ts", "look", "go();"), place: to("packages/b/src/new.ts", []) },
      { edit: never("infra/old.conf", MODULE, text("port 1")), place: to("infra/new.conf", []) },
    ];
    expect(fixEntries(folder, moved)).toEqual([]);
    expect(readFileSync(join(folder, "list.mjs"), "utf8")).toBe(
      LIST.replace('"packages/a/src/old.ts", "look", \'kind', '"packages/b/src/new.ts", "G.see", \'kind')
        .replace('drop("packages/a/src/old.ts", "look"', 'drop("packages/b/src/new.ts", MODULE')
        .replace("infra/old.conf", "infra/new.conf"),
    );
  });

  it("tells entries that it cannot rewrite", () => {
    const moved = [
      { edit: never("packages/a/src/old.ts", "look", "kept"), place: to("packages/b/src/new.ts", ["see"]) },
    ];
    expect(fixEntries(folder, moved)).toEqual(moved);
    expect(readFileSync(join(folder, "list.mjs"), "utf8")).toBe(LIST);
  });
});

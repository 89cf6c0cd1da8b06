import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { DIGESTS } from "@seb/schema";

const root = join(import.meta.dirname, "../..");
const TABLE = "packages/schema/src/digests.ts";

/** Sources without their tests. */
function* sources(folder) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (["node_modules", "dist"].includes(entry.name)) continue;
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* sources(path);
    else if (/(?<!\.test)\.[cm]?[jt]s$/.test(entry.name)) yield path;
  }
}

describe("the prefixes of digests", () => {
  it("stand in docs/wire.md as they stand in the table", () => {
    const page = readFileSync(join(root, "docs/wire.md"), "utf8");
    const rows = [...page.matchAll(/^ {2}\| `(seb-[^`]*)` \| (.*) \|$/gm)].map(([, prefix, of]) => ({ prefix, of }));
    expect(rows).toEqual(Object.values(DIGESTS));
  });

  it("are written nowhere else in a source", () => {
    const found = ["packages", "apps"].flatMap((folder) =>
      [...sources(folder)].filter((path) => /["'`]seb-[a-z-]+-v[0-9]+["'`\\]/.test(withoutComments(path))),
    );
    expect(found).toEqual([TABLE]);
  });
});

/** Comments may name a prefix. */
function withoutComments(path) {
  return readFileSync(join(root, path), "utf8").replace(/^\s*(?:\/\*\*|\*|\/\/).*$/gm, "");
}

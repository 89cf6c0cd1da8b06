import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { put } from "./put.mjs";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = "apps/a/src/main.ts";
const SETTINGS = "infra/x.conf";

describe("put", () => {
  let scratch;
  let root;
  let copy;
  const read = (file) => readFileSync(join(copy, file), "utf8");
  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), "seb-put-"));
    root = join(scratch, "root");
    copy = join(scratch, "copy");
    for (const folder of [join(root, "apps/a/src"), join(root, "infra"), join(copy, "apps/a/dist")])
      mkdirSync(folder, { recursive: true });
    writeFileSync(join(root, MAIN), "export const limit: number = 10;");
    writeFileSync(join(root, "apps/a/src/other.ts"), "export const other: string = '';");
    writeFileSync(join(root, SETTINGS), "port 1");
    writeFileSync(join(copy, "apps/a/dist/main.js"), 'import "./main.entry.js";');
    cpSync(join(checkout, "infra"), join(copy, "infra"), { recursive: true });
    cpSync(join(checkout, ".swcrc"), join(copy, ".swcrc"));
    symlinkSync(join(checkout, "node_modules"), join(copy, "node_modules"));
  });
  afterEach(() => rmSync(scratch, { recursive: true, force: true }));

  it("builds the changed sources in the copy, and takes them back", async () => {
    const restore = await put(
      root,
      copy,
      new Map([
        [MAIN, "export const limit: number = 11;"],
        [SETTINGS, "port 2"],
      ]),
    );
    expect(read("apps/a/dist/main.entry.js")).toContain("limit = 11");
    expect(read("apps/a/dist/other.js")).toContain("other = ''");
    expect([read("apps/a/dist/main.js"), read(SETTINGS)]).toEqual(['import "./main.entry.js";', "port 2"]);
    await restore();
    expect(read("apps/a/dist/main.entry.js")).toContain("limit = 10");
    expect(read(SETTINGS)).toBe("port 1");
    expect(existsSync(join(copy, "apps/a/src"))).toBe(false);
    expect(readFileSync(join(root, MAIN), "utf8")).toContain("= 10");
  });

  it("says why a source cannot be built, and leaves the copy as it was", async () => {
    await expect(put(root, copy, new Map([[MAIN, "if ("]]))).rejects.toThrow(/^cannot be built: /);
    expect(read("apps/a/dist/main.entry.js")).toContain("limit = 10");
  });
});

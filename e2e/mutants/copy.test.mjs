import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { copyBuild } from "./copy.mjs";

const FILES = {
  "package.json": "{}",
  ".swcrc": "{}",
  "apps/a/package.json": "{}",
  "apps/a/dist/main.entry.js": "import 'x';",
  "apps/a/dist/main.js": "bundle",
  "apps/a/src/main.ts": "import 'x';",
  "packages/p/package.json": "{}",
  "packages/p/dist/index.js": "",
  "packages/p/node_modules/lru/index.js": "newer",
  "node_modules/lru/index.js": "older",
  "node_modules/@seb/p/index.js": "the checkout's",
  "infra/build.mjs": "",
  "examples/control.yaml": "",
};

describe("a copy of the build", () => {
  let scratch;
  let copy;
  beforeEach(() => {
    scratch = realpathSync(mkdtempSync(join(tmpdir(), "seb-copy-")));
    for (const [file, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(scratch, "root", file)), { recursive: true });
      writeFileSync(join(scratch, "root", file), text);
    }
    copy = join(scratch, "copy");
    copyBuild(join(scratch, "root"), copy);
  });
  afterEach(() => rmSync(scratch, { recursive: true, force: true }));

  it("runs executables from their modules and leaves sources behind", () => {
    expect(readFileSync(join(copy, "apps/a/dist/main.js"), "utf8")).toBe('import "./main.entry.js";\n');
    expect(existsSync(join(copy, "apps/a/src"))).toBe(false);
    for (const file of [".swcrc", "infra/build.mjs", "examples/control.yaml"])
      expect(existsSync(join(copy, file))).toBe(true);
  });

  it("has own packages of the copy, and third-party ones of the checkout in the version that each workspace has", () => {
    expect(realpathSync(join(copy, "node_modules/@seb/p"))).toBe(join(copy, "packages/p"));
    expect(readFileSync(join(copy, "node_modules/lru/index.js"), "utf8")).toBe("older");
    expect(readFileSync(join(copy, "packages/p/node_modules/lru/index.js"), "utf8")).toBe("newer");
  });
});

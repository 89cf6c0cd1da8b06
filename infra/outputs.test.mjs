import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { bundleOf, isEntry, outputs, removeStale } from "./outputs.mjs";

let workspace;
beforeAll(() => {
  workspace = mkdtempSync(join(tmpdir(), "seb-outputs-"));
  const files = ["src/index.ts", "src/main.ts", "src/tools/attest-main.ts", "src/run-domain.ts", "src/script.lua"];
  files.push(
    "src/index.test.ts",
    "dist/main.js",
    "dist/tools/attest-main.js",
    "dist/index.js",
    "dist/gone.js",
    "dist/old/gone.js",
  );
  for (const file of files) {
    mkdirSync(dirname(join(workspace, file)), { recursive: true });
    writeFileSync(join(workspace, file), "");
  }
});
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

it("translates each source, and executables to the entries of their bundles", () => {
  const found = Object.fromEntries(outputs(workspace).map(({ source, output }) => [source, output]));
  expect(found).toEqual({
    "index.ts": "index.js",
    "main.ts": "main.entry.js",
    [join("tools", "attest-main.ts")]: join("tools", "attest-main.entry.js"),
    "run-domain.ts": "run-domain.js",
    "script.lua": "script.lua",
  });
  expect(Object.values(found).filter(isEntry).map(bundleOf)).toEqual(["main.js", join("tools", "attest-main.js")]);
});

it("deletes what no source stands for any more, and keeps the bundles", () => {
  removeStale(workspace);
  const there = (file) => existsSync(join(workspace, "dist", file));
  expect(["main.js", "tools/attest-main.js", "index.js"].map(there)).toEqual([true, true, true]);
  expect(["gone.js", "old"].map(there)).toEqual([false, false]);
});

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { bundle, look } from "./bundle.mjs";
import { root } from "./process.mjs";

let place;
const write = (file, text) => {
  mkdirSync(dirname(join(place, file)), { recursive: true });
  writeFileSync(join(place, file), text);
};
beforeEach(() => {
  mkdirSync(join(root, "reports"), { recursive: true });
  place = mkdtempSync(join(root, "reports", "bundle-test-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

it("makes one file that finds what its modules find by their own address, from any folder", async () => {
  write("parts/note.txt", "beside the module");
  const read =
    'import { readFileSync } from "node:fs";\nexport const note = readFileSync(new URL("note.txt", import.meta.url), "utf8");\n';
  write("parts/read.js", read);
  write("dist/main.entry.js", 'import { note } from "../parts/read.js";\nconsole.log(note);\n');
  const files = await bundle(join(place, "dist/main.entry.js"));
  rmSync(join(place, "parts/read.js"));
  expect(execFileSync(process.execPath, [join(place, "dist/main.js")], { cwd: "/", encoding: "utf8" })).toBe(
    "beside the module\n",
  );
  const names = Object.keys(files);
  for (const name of ["dist/main.entry.js", "dist/main.js", "parts/read.js"])
    expect(names.some((path) => path.endsWith(name))).toBe(true);
  expect(names).toContain("infra/bundle.mjs");
});

it("leaves no earlier bundle behind when one cannot be made", async () => {
  write("dist/main.js", "console.log('earlier');\n");
  write("dist/main.entry.js", 'import "./missing.js";\n');
  await expect(bundle(join(place, "dist/main.entry.js"))).rejects.toThrow(/missing\.js/);
  expect(existsSync(join(place, "dist/main.js"))).toBe(false);
});

it("sees no file where a folder has become one", () => {
  write("parts", "a file");
  expect(look(join(place, "parts"))).toMatch(/^6 \d/);
  expect(look(join(place, "parts/read.js"))).toBeUndefined();
  expect(look(join(place, "none"))).toBeUndefined();
});

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "@jest/globals";
import { makeFolder } from "./make-folder.js";

it("makes what is missing, with its mode, and minds nothing that is there", () => {
  const base = mkdtempSync(join(tmpdir(), "seb-folder-"));
  const path = join(base, "a", "b", "c");
  makeFolder(path, 0o700);
  makeFolder(path, 0o700);
  expect(["a", "a/b", "a/b/c"].map((name) => statSync(join(base, name)).mode & 0o777)).toEqual([0o700, 0o700, 0o700]);
  rmSync(base, { recursive: true });
});

it("ends where nothing can be made", () => {
  expect(() => makeFolder("/proc/none/of/these", 0o700)).toThrow();
});

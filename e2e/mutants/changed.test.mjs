import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { changedMutants } from "./changed.mjs";
import { mutantsOf, never } from "./checks/mutant.mjs";
import { readOptions } from "./options.mjs";

const MUTANTS = mutantsOf("guarantee-one", [
  ["one", "only", never("packages/a/src/one.ts", "f", "x")],
  ["two", "only", never("packages/a/src/two.ts", "f", "x")],
  ["three", "only", never("packages/a/src/three.ts", "f", "x"), { test: "guarantee-two" }],
]);
const STANDINGS = new Map(MUTANTS.map(({ name, edits: [{ file }] }) => [name, { files: new Map([[file, ""]]) }]));

describe("--changed", () => {
  let root;
  const git = (...args) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], {
      cwd: root,
      encoding: "utf8",
    });
  const write = (file, text) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  const commit = (file) => {
    write(file, `${Math.random()}`);
    git("add", "-A");
    git("commit", "-q", "-m", file);
  };
  const names = (base, standings = STANDINGS) =>
    changedMutants(root, base, MUTANTS, standings).mutants.map((it) => it.name);
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "seb-changed-"));
    git("init", "-q", "-b", "main");
    for (const file of ["one", "two", "three"]) commit(`packages/a/src/${file}.ts`);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it("compares a branch with where it left main, committed or not, tracked or not", () => {
    git("checkout", "-q", "-b", "work");
    expect(names("")).toEqual(["three"]);
    commit("packages/a/src/one.ts");
    expect(names("")).toEqual(["one"]);
    write("packages/a/src/two.ts", "changed");
    expect(names("")).toEqual(["one", "two"]);
    expect(changedMutants(root, "", MUTANTS, STANDINGS).about).toMatch(
      /^where this branch left main \([0-9a-f]{12}\)$/,
    );
  });

  it("compares main with the commit before", () => {
    expect(names("")).toEqual(["three"]);
    expect(changedMutants(root, "", MUTANTS, STANDINGS).about).toMatch(/^the commit before this one/);
  });

  it("compares with the commit that is named, and refuses one that is not there", () => {
    expect(names("HEAD~2")).toEqual(["two", "three"]);
    expect(() => names("no-such-commit")).toThrow('git knows no commit "no-such-commit"');
  });

  it("takes mutants whose test or entry changed, and whose condition moved into a file that changed", () => {
    write("e2e/tests/guarantee-two.test.ts", "new");
    expect(names("HEAD")).toEqual(["three"]);
    write("e2e/tests/guarantee-one.test.ts", "new");
    expect(names("HEAD")).toEqual(["one", "two", "three"]);
    rmSync(join(root, "e2e"), { recursive: true });
    commit("e2e/mutants/checks/list.mjs");
    write("e2e/mutants/checks/list.mjs", '["two", "only"]');
    expect(names("HEAD")).toEqual(["two"]);
    git("checkout", "-q", ".");
    write("packages/b/src/new.ts", "x");
    expect(names("HEAD", new Map([["one", { files: new Map([["packages/b/src/new.ts", ""]]) }]]))).toEqual(["one"]);
  });

  it("is an option with or without a commit", () => {
    expect(readOptions(["--changed"]).changed).toBe("");
    expect(readOptions(["--changed", "--list"])).toMatchObject({ changed: "", list: true });
    expect(readOptions(["--changed", "HEAD~3", "--jobs", "1"])).toMatchObject({ changed: "HEAD~3", jobs: 1 });
    expect(readOptions([]).changed).toBeUndefined();
    for (const jobs of ["0", "17", "many"]) expect(() => readOptions(["--jobs", jobs])).toThrow("--jobs takes 1 to 16");
  });
});

import { describe, expect, it } from "@jest/globals";
import { TEMPLATE } from "../test/change.js";
import { isBranch, isPath, isPointer, markerRef } from "./names.js";
import { readOperation } from "./operation.js";
import { readGitTargets } from "./targets.js";

const EDIT = { path: "a/b.yaml", format: "yaml", set: { "/a": 1 } };
const operation = (edit: object) => ({ edits: [{ ...EDIT, ...edit }] });

describe("an operation", () => {
  it("may leave parameters open in a template, not when it is filled", () => {
    expect(readOperation(TEMPLATE, "template")).toMatchObject({ ok: true, value: { branch: "main" } });
    expect(readOperation(TEMPLATE, "filled")).toMatchObject({ ok: false, error: { code: "catalogue_invalid" } });
    expect(readOperation({ edits: [EDIT] }, "filled")).toMatchObject({ ok: true });
  });

  it.each([
    ["another key", { edits: [EDIT], force: true }, "/operation"],
    ["a branch like an option", { branch: "-f", edits: [EDIT] }, "/operation/branch"],
    ["no edits", {}, "/operation/edits"],
    ["an empty list of edits", { edits: [] }, "/operation/edits"],
    ["too many edits", { edits: Array(9).fill(EDIT) }, "/operation/edits"],
    ["a file twice", { edits: [EDIT, EDIT] }, "/operation/edits/1/path"],
    ["an edit that is text", { edits: ["x"] }, "/operation/edits/0"],
    ["another key in an edit", operation({ mode: "100755" }), "/operation/edits/0"],
    ["a path outside", operation({ path: "../x.yaml" }), "/operation/edits/0/path"],
    ["another format", operation({ format: "toml" }), "/operation/edits/0/format"],
    ["nothing to set", operation({ set: {} }), "/operation/edits/0/set"],
    ["no pointer", operation({ set: { a: 1 } }), "/operation/edits/0/set"],
    ["the whole file", operation({ set: { "": "x" } }), "/operation/edits/0/set"],
    ["one pointer through another", operation({ set: { "/a": 1, "/a/b": 1 } }), "/operation/edits/0/set"],
    ["a fraction", operation({ set: { "/a": 1.5 } }), "/operation/edits/0/set"],
    ["a null", operation({ set: { "/a": null } }), "/operation/edits/0/set"],
    ["a list", operation({ set: { "/a": [1] } }), "/operation/edits/0/set"],
    ["an object", operation({ set: { "/a": { b: 1 } } }), "/operation/edits/0/set"],
    ["a line break", operation({ set: { "/a": "x\ny" } }), "/operation/edits/0/set"],
    ["half a surrogate pair", operation({ set: { "/a": "\ud800" } }), "/operation/edits/0/set"],
    ["a parameter and more", operation({ set: { "/a": { $open: "x", y: 1 } } }), "/operation/edits/0/set"],
  ])("with %s is refused", (_title, value, pointer) => {
    expect(readOperation(value, "template")).toMatchObject({
      ok: false,
      error: { code: "catalogue_invalid", pointer },
    });
  });
});

describe("a path", () => {
  it.each(["a", "a/b.yaml", ".github/x.yml", "a_b/c-d@1.2+3,4=5"])("%j is one", (path) => {
    expect(isPath(path)).toBe(true);
  });

  it.each([
    "",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "a/../b",
    "./a",
    "...",
    ".git",
    ".git/config",
    "a/.GIT/b",
    ".git.",
    "-a",
    "a/-b",
    "a b",
    "a\nb",
    "a\0b",
    "a\\b",
    "git~1",
    ":(top)a",
    "a*",
    "é",
    "a".repeat(191),
    7,
  ])("%j is none", (path) => {
    expect(isPath(path)).toBe(false);
  });
});

describe("a branch", () => {
  it.each(["main", "release/1.2", "a_b-c"])("%j is one", (branch) => {
    expect(isBranch(branch)).toBe(true);
  });

  it.each([
    "",
    "-f",
    "a..b",
    "a/",
    "/a",
    "a//b",
    ".a",
    "a/.b",
    "a.lock",
    "a.lock/b",
    "a.",
    "a b",
    "a:b",
    "a~1",
    "a^",
    "@{u}",
    "a\n",
  ])("%j is none", (branch) => {
    expect(isBranch(branch)).toBe(false);
  });
});

it("a marker ref is made of a certificate id only", () => {
  const id = `c_${"a".repeat(26)}`;
  expect(markerRef(id)).toBe(`refs/seb/${id}`);
  for (const other of ["", "main", `${id}/x`, `${id}\n`, `o_${"a".repeat(26)}`, `c_${"a".repeat(25)}:`]) {
    expect(markerRef(other)).toBeUndefined();
  }
});

it.each(["", "a", "/~", "/a~2", "/a\n", `/${"a".repeat(300)}`])("%j is no pointer", (pointer) => {
  expect(isPointer(pointer)).toBe(false);
});

describe("a target", () => {
  const entry = { connector: "git", url: "https://git.example/ops.git" };

  it("has defaults, and others are passed over", () => {
    const read = readGitTargets({ gitops: entry, cluster: { connector: "kubernetes" } });
    expect(read.ok && [...read.value.values()]).toEqual([
      { name: "gitops", url: entry.url, authorName: "SEB broker", authorEmail: "broker@seb.invalid" },
    ]);
  });

  it.each([
    "/srv/ops.git",
    "/home/zoë/my work/.seb/gitops.git",
    "file:///srv/ops.git",
    "http://127.0.0.1:3000/ops.git",
    "http://localhost/ops.git",
    "http://[::1]:8/ops.git",
  ])("may be at %s", (url) => {
    expect(readGitTargets({ gitops: { ...entry, url } })).toMatchObject({ ok: true });
  });

  it.each([
    ["no url", { url: undefined }, "url"],
    ["a relative path", { url: "ops.git" }, "url"],
    ["an option", { url: "--upload-pack=touch /tmp/x" }, "url"],
    ["a command", { url: "ext::sh -c id" }, "url"],
    ["ssh", { url: "ssh://git@git.example/ops.git" }, "url"],
    ["plain http to another machine", { url: "http://git.example/ops.git" }, "url"],
    ["a password in the url", { url: "https://user:hunter2@git.example/ops.git" }, "url"],
    ["a file on another machine", { url: "file://server/ops.git" }, "url"],
    ["a line break in a path", { url: "/srv/a\nb.git" }, "url"],
    ["a line break", { url: "https://git.example/ops.git\n" }, "url"],
    ["a wrong branch", { branch: "a..b" }, "branch"],
    ["a wrong name", { author_name: "a\nb" }, "author_name"],
    ["a wrong address", { author_email: "a>@b" }, "author_email"],
    ["a relative credential file", { credential_file: "token" }, "credential_file"],
    ["a credential for a folder", { url: "/srv/ops.git", credential_file: "/run/token" }, "credential_file"],
    ["another key", { token: "hunter2" }, "?"],
  ])("with %s is refused and not repeated", (_title, more, setting) => {
    const read = readGitTargets({ gitops: { ...entry, ...more } });
    expect(read).toMatchObject({
      ok: false,
      error: { code: "setting_invalid", pointer: `/targets/gitops/${setting}` },
    });
    expect(JSON.stringify(read)).not.toContain("hunter2");
  });
});

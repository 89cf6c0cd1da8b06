import { describe, expect, it } from "@jest/globals";
import { readTarget } from "./index.js";

const ENTRY = { connector: "git", url: "https://git.example/ops.git" };
const fieldsOf = (change: object) => {
  const entry = Object.fromEntries(Object.entries({ ...ENTRY, ...change }).filter(([, value]) => value !== undefined));
  const read = readTarget(entry);
  return read.ok ? [] : read.mistakes.map(({ field }) => field);
};

describe("a target", () => {
  it("has defaults", () => {
    expect(readTarget(ENTRY)).toEqual({
      ok: true,
      value: { url: ENTRY.url, authorName: "SEB broker", authorEmail: "broker@seb.invalid" },
    });
  });

  it.each([
    "/srv/ops.git",
    "/home/zoë/my work/.seb/gitops.git",
    "file:///srv/ops.git",
    "http://127.0.0.1:3000/ops.git",
    "http://localhost/ops.git",
    "http://[::1]:8/ops.git",
  ])("may be at %s", (url) => {
    expect(fieldsOf({ url })).toEqual([]);
  });

  it.each([
    ["no url", { url: undefined }, "/url"],
    ["a relative path", { url: "ops.git" }, "/url"],
    ["an option", { url: "--upload-pack=touch /tmp/x" }, "/url"],
    ["a command", { url: "ext::sh -c id" }, "/url"],
    ["ssh", { url: "ssh://git@git.example/ops.git" }, "/url"],
    ["plain http to another machine", { url: "http://git.example/ops.git" }, "/url"],
    ["a password in the url", { url: "https://user:hunter2@git.example/ops.git" }, "/url"],
    ["a file on another machine", { url: "file://server/ops.git" }, "/url"],
    ["a line break in a path", { url: "/srv/a\nb.git" }, "/url"],
    ["a line break", { url: "https://git.example/ops.git\n" }, "/url"],
    ["a wrong branch", { branch: "a..b" }, "/branch"],
    ["a wrong name", { author_name: "a\nb" }, "/author_name"],
    ["a wrong address", { author_email: "a>@b" }, "/author_email"],
    ["a relative credential file", { credential_file: "token" }, "/credential_file"],
    ["a credential for a folder", { url: "/srv/ops.git", credential_file: "/run/token" }, "/credential_file"],
    ["another key", { token: "hunter2" }, "/token"],
  ])("with %s is refused and not repeated", (_title, more, field) => {
    expect(fieldsOf(more)).toEqual([field]);
    expect(JSON.stringify(readTarget({ ...ENTRY, ...more }))).not.toContain("hunter2");
  });

  it("with several mistakes is refused with all of them", () => {
    expect(fieldsOf({ url: "ops", branch: "-f", urls: [] })).toEqual(["/urls", "/url", "/branch"]);
  });
});

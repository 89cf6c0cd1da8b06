import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { bench } from "./test/bench.js";
import { unusablePath } from "./unusable-path.js";

const folder = mkdtempSync(join(tmpdir(), "seb-path-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "file"), "");
mkdirSync(join(folder, "full"));
symlinkSync("itself", join(folder, "itself"));

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("a path that cannot be used", () => {
  it.each<[string, () => unknown]>([
    ["below a file", () => readFileSync(join(folder, "file", "below"))],
    ["to make below a file", () => mkdirSync(join(folder, "file", "below"), { recursive: true })],
    ["that nothing is at", () => readFileSync(join(folder, "nothing"))],
    ["in a circle of links", () => readFileSync(join(folder, "itself"))],
    ["with a long name", () => writeFileSync(join(folder, "n".repeat(300)), "")],
  ])("is named as the mistake: one %s", (_which, call) => {
    const found = unusablePath(thrownBy(call));
    expect(found).toMatchObject({ ok: false, error: { code: "setting_invalid" } });
    expect(JSON.stringify(found)).toContain(folder);
  });

  it.each<[string, unknown]>([
    ["an error of our own", new Error("ENOENT")],
    ["a full disk", Object.assign(new Error("full"), { code: "ENOSPC", syscall: "write", path: "/x" })],
    ["a refused connection", Object.assign(new Error("refused"), { code: "ECONNREFUSED", syscall: "connect" })],
    ["a code that every object has", { code: "toString", syscall: "open", path: "/x" }],
    ["nothing", undefined],
  ])("is not %s", (_which, error) => {
    expect(unusablePath(error)).toBeUndefined();
  });
});

describe("a command that is given one", () => {
  it.each([
    ["init --out", ["init", "--env", "dev", "--out", "file"]],
    ["init --out below it", ["init", "--env", "dev", "--out", "file/below"]],
    ["trust keygen --out below it", ["trust", "keygen", "order", "alice", "--out", "file/key.json"]],
  ])("says which: a file as the folder of %s", async (_which, args) => {
    const b = bench({});
    writeFileSync(b.path("file"), "kept");
    const { exit, value } = await b.json(...args);
    expect({ exit, value }).toMatchObject({ exit: 2, value: { ok: false, code: "setting_invalid" } });
    expect(value.detail).toContain(b.path("file"));
    expect(readFileSync(b.path("file"), "utf8")).toBe("kept");
  });
});

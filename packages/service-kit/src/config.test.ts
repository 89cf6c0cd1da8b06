import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import Type from "typebox";
import { readConfig, readYamlFile } from "./config.js";
import { createLog } from "./log.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "seb-kit-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (text: string, mode = 0o600): string => {
  const path = join(folder, `${Math.random()}`);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};
const codeOf = (result: { ok: boolean; error?: { code: string } }) => (result.ok ? "ok" : result.error?.code);

describe("settings files", () => {
  const Config = Type.Object({ port: Type.Integer() }, { additionalProperties: false });

  it("are YAML that a closed schema knows", () => {
    expect(readConfig(Config, file("port: 1"))).toEqual({ ok: true, value: { port: 1 } });
    const wrong = readConfig(Config, file("port: x"));
    expect(wrong).toMatchObject({ ok: false, error: { code: "setting_invalid", pointer: "/port" } });
    expect(codeOf(readConfig(Config, file("port: 1\nmore: 2")))).toBe("setting_invalid");
  });

  it.each([
    ["an alias", "a: &x 1\nb: *x"],
    ["a key twice", "a: 1\na: 2"],
    ["a tag", "a: !!js/function x"],
    ["a number that is none", "a: .nan"],
    ["two documents", "a: 1\n---\na: 2"],
    ["no YAML", "a: ["],
  ])("refuse %s", (_name, text) => {
    expect(codeOf(readYamlFile(file(text)))).toBe("setting_invalid");
  });

  it("may be missing, which is its own code", () => {
    expect(codeOf(readYamlFile(join(folder, "nothing")))).toBe("setting_missing");
    expect(codeOf(readYamlFile(folder))).toBe("setting_invalid");
  });
});

describe("the log", () => {
  it("loses lines that cannot be written, says how many, and throws never", () => {
    const lines: string[] = [];
    let full = true;
    const write = (line: string) => {
      if (full) throw new Error("EFBIG");
      lines.push(line);
    };
    const log = createLog({ name: "t", stream: { write } });
    log.info("one");
    log.error("two");
    full = false;
    log.info("three");
    log.info("four");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ lost: 2 }, { msg: "three" }, { msg: "four" }]);
  });

  it("holds no token, private key or authorization, wherever it was put", () => {
    const lines: string[] = [];
    const log = createLog({ name: "t", stream: { write: (line) => lines.push(line) } });
    const token = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";
    log.info({ authorization: "DPoP seeded", nested: { dpop: "seeded" } }, `saw ${token}`);
    log.error({ err: new Error(`failed for ${token}`) });
    log.info({ key: JSON.stringify({ kty: "OKP", d: "seeded-seeded-seeded-seeded" }) });
    const text = lines.join("");
    expect(lines).toHaveLength(3);
    expect(text).not.toMatch(/seeded|eyJ|c2lnbmF0dXJl/);
  });
});

import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { readBoundedFile, readSecretFile } from "./files.js";

const folder = mkdtempSync(join(tmpdir(), "seb-files-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
function file(content: string | Uint8Array, mode = 0o600): string {
  files += 1;
  const path = join(folder, `${files}`);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}
const codeOf = (result: ReturnType<typeof readSecretFile>) => (result.ok ? "ok" : result.error.code);

describe("secret files", () => {
  it.each([0o600, 0o400, 0o700])("of mode %i are read", (mode) => {
    expect(readSecretFile(file("hush\n", mode))).toEqual({ ok: true, value: "hush\n" });
  });

  it.each([0o640, 0o604, 0o660, 0o610, 0o601, 0o666])("of mode %i are refused, and nothing of them is told", (mode) => {
    const refused = readSecretFile(file("hush-hush", mode));
    expect(codeOf(refused)).toBe("setting_invalid");
    expect(JSON.stringify(refused)).not.toContain("hush-hush");
  });

  it.each(["", "\n", " \t\r\n"])("that hold nothing are refused: %j", (content) => {
    expect(codeOf(readSecretFile(file(content)))).toBe("setting_invalid");
  });

  it("are followed behind a link, whose target counts", () => {
    const link = (target: string) => {
      const path = `${target}.link`;
      symlinkSync(target, path);
      return path;
    };
    expect(codeOf(readSecretFile(link(file("hush"))))).toBe("ok");
    expect(codeOf(readSecretFile(link(file("hush", 0o644))))).toBe("setting_invalid");
  });
});

describe("bounded files", () => {
  it("are read whatever their mode, also empty", () => {
    expect(readBoundedFile(file("text", 0o644))).toEqual({ ok: true, value: "text" });
    expect(readBoundedFile(file("", 0o644))).toEqual({ ok: true, value: "" });
  });

  it("are refused beyond the bound, as UTF-8 that is not, as folder or when they are not there", () => {
    expect(codeOf(readBoundedFile(file("12345"), 5))).toBe("ok");
    expect(codeOf(readBoundedFile(file("123456"), 5))).toBe("setting_invalid");
    expect(codeOf(readSecretFile(file("123456"), 5))).toBe("setting_invalid");
    expect(codeOf(readBoundedFile(file(new Uint8Array([0xff, 0xfe]))))).toBe("setting_invalid");
    mkdirSync(join(folder, "folder"));
    expect(codeOf(readBoundedFile(join(folder, "folder")))).toBe("setting_invalid");
    expect(codeOf(readBoundedFile(join(folder, "none")))).toBe("setting_missing");
    expect(codeOf(readBoundedFile("/dev/null"))).toBe("setting_invalid");
  });
});

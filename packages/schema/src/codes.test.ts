import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { ADMISSION_CODES } from "./codes/admission.js";
import { CLIENT_CODES } from "./codes/client.js";
import { CONTROL_CODES } from "./codes/control.js";
import { HTTP_CODES } from "./codes/http.js";
import { ISSUANCE_CODES } from "./codes/issuance.js";
import { TOKEN_CODES } from "./codes/token.js";
import { CODES, isCode } from "./codes.js";

const rows = Object.entries(CODES);
const wrong = (rule: (code: string, row: (typeof CODES)[keyof typeof CODES]) => boolean) =>
  rows.filter(([code, row]) => !rule(code, row)).map(([code]) => code);

describe("the table of codes", () => {
  it("is closed: one name, one row, whichever file it stands in", () => {
    const parts = [HTTP_CODES, TOKEN_CODES, ISSUANCE_CODES, ADMISSION_CODES, CONTROL_CODES, CLIENT_CODES];
    const names = parts.flatMap((part) => Object.keys(part));
    expect(new Set(names).size).toBe(names.length);
    expect(names.sort()).toEqual(Object.keys(CODES).sort());
    const folder = new URL("./codes/", import.meta.url);
    const files = readdirSync(folder).filter((name) => name !== "entry.ts" && !name.endsWith(".test.ts"));
    expect(files).toHaveLength(parts.length);
    for (const name of files) expect(readFileSync(new URL(name, folder), "utf8")).toContain("_CODES = {");
  });

  it("names codes in snake case of at most 40 letters", () => {
    expect(wrong((code) => /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(code) && code.length <= 40)).toEqual([]);
  });

  it("gives each an HTTP status, whose fault it is, what may be tried and an exit code", () => {
    const statuses = [202, 400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 422, 429, 431, 500, 502, 503, 504, 507];
    expect(wrong((_, { status }) => statuses.includes(status))).toEqual([]);
    expect(wrong((_, { fault }) => ["client", "service", "target", "none"].includes(fault))).toEqual([]);
    expect(wrong((_, { retry }) => ["never", "same", "new-proof", "new-certificate"].includes(retry))).toEqual([]);
    expect(wrong((_, { exit }) => [1, 2, 3, 4, 5].includes(exit))).toEqual([]);
  });

  it("never blames the client for a failure of ours, nor us for a pending answer", () => {
    expect(wrong((_, { status, fault }) => status < 500 || fault !== "client")).toEqual([]);
    expect(wrong((_, { status, fault }) => status !== 202 || fault === "none")).toEqual([]);
    expect(wrong((_, { status, exit }) => status !== 202 || exit === 4 || exit === 5)).toEqual([]);
  });

  it("says what happened and what to do, in a sentence each", () => {
    expect(wrong((_, { title }) => /^[A-Z].{5,119}\.$/s.test(title))).toEqual([]);
    expect(wrong((_, { remedy }) => /^[A-Z].{5,159}\.$/s.test(remedy))).toEqual([]);
  });

  it("knows its own codes only", () => {
    expect(isCode("token_malformed")).toBe(true);
    for (const value of ["", "toString", "__proto__", "constructor", "TOKEN_MALFORMED", 7, null, undefined, {}])
      expect(isCode(value)).toBe(false);
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import type { ActionDefinition } from "@seb/schema";
import { admits, openBundle, packBundle } from "./index.js";

const vectors = join(import.meta.dirname, "../vectors/bundle.json");
const control: { files: Record<string, string> } = JSON.parse(readFileSync(vectors, "utf8"));
const packed = packBundle(control.files);
if (!packed.ok) throw new Error(packed.error.detail);
const bundle = openBundle(packed.value.text, packed.value.digest);
if (!bundle.ok) throw new Error(bundle.error.detail);

function definitionOf(name: string): ActionDefinition {
  const found = bundle.ok ? bundle.value.actions.get(name) : undefined;
  if (found === undefined) throw new Error(`no action ${name}`);
  return found;
}
const deploy = definitionOf("deploy");
const tune = definitionOf("tune");

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const scope = { image_digest: DIGEST, max_replicas: 12 };
const exact = { image_digest: DIGEST, replicas: 12 };
const tuneScope = {
  label: "a-b",
  label_start: "a-",
  label_any: ["a-b"],
  quota: 5,
  track: "café",
  paused: false,
  min_count: 3,
  max_count: 9,
  levels: ["high", "low"],
  levels_again: ["high", "low", "mid"],
};
const tuneExact = { label: "a-b", quota: 5, track: "café", paused: false, count: 9, level: "low" };
const codeOf = (made: { ok: true } | { ok: false; error: { code: string } }) => (made.ok ? "ok" : made.error.code);

describe("admits", () => {
  it("lets through exactly what was certified", () => {
    expect(codeOf(admits(deploy, scope, exact))).toBe("ok");
    expect(codeOf(admits(deploy, scope, { ...exact, replicas: 1 }))).toBe("ok");
    expect(codeOf(admits(tune, tuneScope, tuneExact))).toBe("ok");
  });

  it("takes a number by its value: 12, 12.0 and 1.2e1 are one number once read", () => {
    for (const spelling of ["12", "12.0", "1.2e1", "120E-1"]) {
      expect(codeOf(admits(deploy, scope, { ...exact, replicas: JSON.parse(spelling) }))).toBe("ok");
    }
  });

  it.each<[string, Record<string, unknown>]>([
    ["one more", { ...exact, replicas: 13 }],
    ["forty", { ...exact, replicas: 40 }],
    ["none", { ...exact, replicas: 0 }],
    ["a negative number", { ...exact, replicas: -1 }],
    ["a fraction", { ...exact, replicas: 11.5 }],
    ["a number as text", { ...exact, replicas: "12" }],
    ["a number as full-width text", { ...exact, replicas: "１２" }],
    ["not a number", { ...exact, replicas: Number.NaN }],
    ["infinity", { ...exact, replicas: Number.POSITIVE_INFINITY }],
    ["null", { ...exact, replicas: null }],
    ["a list of one", { ...exact, replicas: [12] }],
    ["a list of one text", { ...exact, image_digest: [DIGEST] }],
    ["true", { ...exact, replicas: true }],
    ["a missing parameter", { image_digest: DIGEST }],
    ["an undefined parameter", { image_digest: DIGEST, replicas: undefined }],
    ["nothing", {}],
    ["an extra parameter", { ...exact, namespace: "prod" }],
    ["an extra default-valued parameter", { ...exact, dryRun: false }],
    ["an extra empty parameter", { ...exact, subresource: "" }],
    ["an extra symbol", { ...exact, [Symbol("x")]: 1 }],
    ["inherited parameters", Object.create(exact)],
    ["another digest", { ...exact, image_digest: DIGEST.replace("0123", "1123") }],
    ["an upper-case digest", { ...exact, image_digest: DIGEST.toUpperCase() }],
    ["a digest with a trailing slash", { ...exact, image_digest: `${DIGEST}/` }],
    ["a digest with a trailing line end", { ...exact, image_digest: `${DIGEST}\n` }],
    ["a digest with a leading blank", { ...exact, image_digest: ` ${DIGEST}` }],
    ["a digest with a zero-width blank", { ...exact, image_digest: `${DIGEST}\u200b` }],
    ["a digest with a Cyrillic letter", { ...exact, image_digest: DIGEST.replace("a", "\u0430") }],
    ["a digest with a zero byte", { ...exact, image_digest: `${DIGEST}\u0000` }],
  ])("refuses %s", (_, parameters) => {
    expect(codeOf(admits(deploy, scope, parameters))).toBe("scope_exceeded");
  });

  it.each<[string, Record<string, unknown>]>([
    ["a decomposed letter (NFD)", { track: "cafe\u0301" }],
    ["another case", { track: "Café" }],
    ["a declared value that was not certified", { track: "beta" }],
    ["a look-alike letter", { label: "\u0430-b" }],
    ["text that only starts alike", { label: "a-bc" }],
    ["text under another prefix", { label: "b-b" }],
    ["the other flag", { paused: true }],
    ["a number for a flag", { paused: 0 }],
    ["text for a flag", { paused: "false" }],
    ["less than at least", { count: 2 }],
    ["more than at most", { count: 10 }],
    ["a choice outside the subset", { level: "mid" }],
    ["a list of choices", { level: ["low"] }],
    ["another quota", { quota: 6 }],
    ["a quota by another sign", { quota: -5 }],
  ])("refuses %s in an action with every kind of bound", (_, change) => {
    expect(codeOf(admits(tune, tuneScope, { ...tuneExact, ...change }))).toBe("scope_exceeded");
  });

  it.each<[string, Record<string, unknown>]>([
    ["lacks a key", { image_digest: DIGEST }],
    ["has a key too many", { ...scope, max_surge: 1 }],
    ["goes over the definition", { ...scope, max_replicas: 51 }],
    ["bounds a number by text", { ...scope, max_replicas: "99" }],
    ["is inherited", Object.create(scope)],
  ])("refuses everything when the scope %s", (_, odd) => {
    expect(codeOf(admits(deploy, odd, exact))).toBe("scope_exceeded");
  });

  it("refuses a scope whose bounds contradict each other", () => {
    expect(codeOf(admits(tune, { ...tuneScope, label_start: "b" }, tuneExact))).toBe("scope_exceeded");
    expect(codeOf(admits(tune, { ...tuneScope, label_any: ["zz"] }, tuneExact))).toBe("scope_exceeded");
  });

  it("points at the parameter", () => {
    expect(admits(deploy, scope, { ...exact, replicas: 40 })).toMatchObject({
      error: { pointer: "/parameters/replicas", facts: { scope_key: "max_replicas" } },
    });
  });
});

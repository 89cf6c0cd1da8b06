// The published chains, read by this package and by a second verifier that was written from the vectors' README with the standard
// library alone: when both agree with every vector, vectors and description suffice.
import { createHash, createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { readBody } from "@seb/schema";
import { type Trust, verifyTrust } from "@seb/verify-core";
import type { Head, RecordSink } from "./port.js";
import { verifyChains } from "./verify.js";

type Members = { readonly [name: string]: unknown };
interface BodyCase {
  readonly kind: string;
  readonly name: string;
  readonly pointer?: string;
  readonly body: Members;
}
interface ChainCase {
  readonly name: string;
  readonly verdict?: string;
  readonly what?: string;
  readonly line?: number;
  readonly lines: readonly string[];
  readonly heads: readonly Head[];
}
interface Cases<C> {
  readonly valid: readonly C[];
  readonly invalid: readonly C[];
}
function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../schema/vectors/${name}`, import.meta.url), "utf8"));
}
const vectors = load<{ readonly bodies: Cases<BodyCase>; readonly chains: Cases<ChainCase> }>("records.json");
const published = load<{
  readonly now: number;
  readonly keys: readonly { readonly id: string; readonly kid: string; readonly jwk: JsonWebKey }[];
  readonly trust: {
    readonly file: string;
    readonly pins: { owners: string[]; threshold: number; min_version: number };
  };
}>("keys.json");
const chains = [...vectors.chains.valid, ...vectors.chains.invalid];

async function trustOfVectors(): Promise<Trust> {
  const { owners, threshold, min_version: minVersion } = published.trust.pins;
  const trust = await verifyTrust(published.trust.file, { owners, threshold, minVersion }, published.now);
  if (!trust.ok) throw new Error(trust.error.code);
  return trust.value;
}

describe("bodies of the vectors", () => {
  it("are there for each kind, each case under a name of its own", () => {
    const names = [...vectors.bodies.valid, ...vectors.bodies.invalid].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(vectors.bodies.valid.map(({ kind }) => kind)).size).toBe(17);
  });

  it.each(vectors.bodies.valid)("$name is read", ({ kind, body }) => {
    expect(readBody(kind, body)).toMatchObject({ ok: true, value: { kind, ver: 1 } });
  });

  it.each(vectors.bodies.invalid)("$name is located at $pointer", ({ kind, body, pointer }) => {
    expect(readBody(kind, body)).toMatchObject({ ok: false, error: { code: "records_broken", pointer } });
  });
});

describe("chains of the vectors", () => {
  async function* each<T>(items: readonly T[]) {
    yield* items;
  }
  const sourceOf = (lines: readonly string[]): Pick<RecordSink, "name" | "read" | "writers" | "torn"> => ({
    name: "vectors",
    read: () => each(lines),
    writers: async () => ["broker-1"],
    torn: async () => 0,
  });

  it.each(chains)("$name: this package agrees", async ({ lines, heads, verdict, what, line }) => {
    const trust = await trustOfVectors();
    const report = await verifyChains({ sink: sourceOf(lines), heads: { all: () => each(heads) }, trust });
    const [problem] = report.chains[0]?.problems ?? [];
    expect({ verdict: report.verdict, what: problem?.what, line: problem?.line }).toEqual({
      verdict: verdict ?? "broken",
      what,
      line,
    });
  });

  it.each(chains)("$name: the second verifier agrees", ({ lines, heads, verdict, what, line }) => {
    expect(second(lines, heads)).toEqual(verdict === undefined ? { what, line } : { verdict });
  });
});

/** The second verifier. It knows of bodies only what it needs of them: a takeover's fence. */
function second(lines: readonly string[], heads: readonly Head[]): Members {
  const record = published.keys.find(({ id }) => id === "record");
  if (record === undefined) throw new Error("no record key in the vectors");
  const key = createPublicKey({ key: record.jwk, format: "jwk" });
  const digestOf = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
  let at = { seq: 0, prev: `sha256:${"0".repeat(64)}`, boot: 0, closed: true };
  let last: { readonly kind: string; readonly digest: string } | undefined;
  let unclosed = false;
  for (const [index, line] of lines.entries()) {
    const [header = "", payload = "", signature = ""] = line.split(".");
    const signed = Buffer.from(`${header}.${payload}`);
    if (!verify(null, signed, key, Buffer.from(signature, "base64url")))
      return { what: "not_a_record", line: index + 1 };
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    const what = fault(claims, at);
    if (what !== undefined) return { what, line: index + 1 };
    const digest = digestOf(line);
    if (heads.some((head) => head.seq === claims.seq && head.digest !== digest))
      return { what: "head_mismatch", line: index + 1 };
    unclosed ||= claims.kind === "boot" && !at.closed;
    at = { seq: claims.seq + 1, prev: digest, boot: claims.boot, closed: claims.kind === "close" };
    last = { kind: claims.kind, digest };
  }
  if (heads.some(({ seq }) => seq >= at.seq)) return { what: "head_missing", line: lines.length + 1 };
  const proved = at.closed && !unclosed && heads.some(({ digest }) => digest === last?.digest);
  return { verdict: proved ? "verified" : "tail_not_proved" };
}

function fault(
  claims: {
    seq: number;
    prev: string;
    boot: number;
    kind: string;
    body: { fence?: number; previous?: Members | null };
  },
  at: { seq: number; prev: string; boot: number; closed: boolean },
): string | undefined {
  if (claims.seq !== at.seq) return claims.seq > at.seq ? "missing" : "out_of_order";
  if (claims.prev !== at.prev) return "link";
  const { kind, body } = claims;
  if (kind !== "boot") {
    if (claims.boot !== at.boot) return "boot";
    if (at.closed) return "after_close";
    return kind === "takeover" && typeof body.fence !== "number" ? "body" : undefined;
  }
  const named =
    at.seq === 0 ? body.previous === null : body.previous?.digest === at.prev && body.previous.boot === at.boot;
  return named && claims.boot === at.boot + 1 ? undefined : "boot";
}

import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { isFinal, OUTCOMES } from "../outcomes.js";
import { RecordClaims } from "../tokens.js";
import { validate } from "../validate.js";
import { type BodyOf, RECORD_BODIES, type RecordKind, readBody, writtenBody } from "./kinds.js";

type Members = Record<string, unknown>;
const KINDS = Object.keys(RECORD_BODIES) as RecordKind[];
const CHAINS = ["signer", "broker", "revocation"] as const;
const fixture = new URL("../../../../e2e/fixtures/records-f5082e2/", import.meta.url);

/** Records of commit f5082e2, as its services wrote them. */
function oldRecords(): { kind: string; body: Members }[] {
  return CHAINS.flatMap((service) => {
    const text = readFileSync(new URL(`${service}/records/${service}-1.jsonl`, fixture), "utf8");
    return text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(Buffer.from(line.split(".")[1] ?? "", "base64url").toString("utf8")));
  });
}
const old = oldRecords();
/** One old body of each kind. */
const sample = new Map(old.map(({ kind, body }) => [kind, body]));
const bodyOf = (kind: RecordKind) => structuredClone(sample.get(kind) ?? {});
const counter: BodyOf<"takeover"> = {
  cert_id: `c_${"a".repeat(26)}`,
  fence: 2,
  from_broker: "broker-2",
  from_boot: 1,
  take_seq: 9,
};

describe("bodies of commit f5082e2", () => {
  it("are there for every kind", () => {
    expect([...sample.keys()].sort()).toEqual([...KINDS].sort());
  });

  it("are read, each of them, as ver 1", () => {
    const unread = old.filter(({ kind, body }) => {
      const read = readBody(kind, body);
      return !read.ok || read.value?.ver !== 1 || read.value.kind !== kind;
    });
    expect(old.length).toBeGreaterThan(150);
    expect(unread).toEqual([]);
  });
});

describe("a body", () => {
  it.each(KINDS)("%s is read with members more, which are left where they are", (kind) => {
    const body = { ...bodyOf(kind), of_a_later_version: { any: ["thing"] } };
    expect(readBody(kind, { ...body, ver: 1 })).toMatchObject({ ok: true, value: { kind, ver: 1, body } });
  });

  it("is read with members more at any depth", () => {
    const decision = bodyOf("decision");
    const certificate = decision.certificate as { contract: Members };
    certificate.contract.of_a_later_version = true;
    expect(readBody("decision", decision).ok).toBe(true);
    const order = bodyOf("order");
    order.order = { ...(order.order as Members), of_a_later_version: 1 };
    expect(readBody("order", order).ok).toBe(true);
  });

  it("keeps its maps closed: their keys are words of the wire", () => {
    const body = { from_ms: 1, to_ms: 2, counts: { "not a code": 1 } };
    expect(readBody("refusal-counts", body)).toMatchObject({ ok: false, error: { code: "records_broken" } });
  });

  it("of an unknown kind is passed over", () => {
    expect(readBody("of-a-later-version", { anything: 1 })).toEqual({ ok: true, value: undefined });
    expect(readBody("constructor", {})).toEqual({ ok: true, value: undefined });
  });

  it.each(KINDS.filter((kind) => kind !== "close"))("%s without a required member is located", (kind) => {
    const required = (RECORD_BODIES[kind].body as { required?: readonly string[] }).required ?? [];
    for (const name of required) {
      const { [name]: _left, ...body } = bodyOf(kind);
      expect(readBody(kind, body)).toMatchObject({ ok: false, error: { code: "records_broken", pointer: `/${name}` } });
    }
  });

  it.each([2, 0, "1", null, 1.5])("of ver %j is not guessed at", (ver) => {
    const failed = { ok: false, error: { code: "records_broken", pointer: "/ver" } };
    expect(readBody("takeover", { ...counter, ver })).toMatchObject(failed);
  });

  it.each([[null], ["text"], [[]], [undefined]])("that is no object (%j) is refused", (body) => {
    expect(readBody("close", body)).toMatchObject({ ok: false, error: { code: "records_broken", pointer: "" } });
  });

  it("is written with its ver, and only as its schema has it", () => {
    expect(writtenBody("takeover", counter)).toEqual({ ok: true, value: { ver: 1, ...counter } });
    const more: BodyOf<"takeover"> = Object.assign({}, counter, { more: 1 });
    expect(writtenBody("takeover", more)).toMatchObject({ ok: false, error: { pointer: "/more" } });
    expect(writtenBody("takeover", { ...counter, fence: -1 })).toMatchObject({
      ok: false,
      error: { pointer: "/fence" },
    });
  });

  it("fits a record of its kind", () => {
    for (const kind of KINDS) {
      const claims = { ver: 1, writer: "broker-1", boot: 1, seq: 0, prev: `sha256:${"0".repeat(64)}`, at_ms: 1, kind };
      expect(validate(RecordClaims, { ...claims, body: { ...bodyOf(kind), ver: 1 } }, "records_broken").ok).toBe(true);
    }
  });
});

describe("the table of outcomes", () => {
  const rows = Object.entries(OUTCOMES);

  it("holds a resource exactly while something may still follow", () => {
    for (const [, { final, resource }] of rows) expect(resource).toBe(final ? "free" : "held");
  });

  it("gives a receipt of each final state, and of no other", () => {
    for (const [state, { final, receipt, recorded }] of rows) {
      expect({ state, receipt }).toEqual({ state, receipt: final });
      if (receipt) expect(recorded).toBe(true);
    }
    expect(isFinal("unknown")).toBe(false);
  });

  it("gives a budget back only where the target certainly does not have the change", () => {
    for (const [, { budget, changed, final }] of rows)
      if (budget === "given_back") expect({ changed, final }).toEqual({ changed: false, final: true });
  });

  it("lets operators state final states only, of states that are not final", () => {
    for (const [, { stated, resolvable, final }] of rows) {
      if (stated) expect(final).toBe(true);
      if (resolvable) expect(final).toBe(false);
    }
  });
});

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { openChain, type RecordChain } from "@seb/records";
import { createFileHeads, createFileSink } from "@seb/records/embedded";
import { createSealer } from "@seb/seal";
import { verifyTrust } from "@seb/verify-core";
import { AuditFold, filterOf } from "../audit/query.js";
import { bench } from "../test/bench.js";
import { decision, certId as id, outcome } from "../test/records.js";

const b = bench({ SEB_FOLDER: ".seb" });
const DECEMBER_MS = Date.UTC(2026, 11, 31, 23, 59, 59);

/** Opens the broker's chain at the usual places, lets it be written, and lets go of the places. */
let withChain: (write: (chain: RecordChain) => Promise<void>) => Promise<void>;

async function writeRecords(): Promise<void> {
  mkdirSync(b.path(".seb"));
  for (const [role, name] of [
    ["owner", "owner-1"],
    ["record", "broker-1"],
  ] as const)
    await b.seb("trust", "keygen", role, name, "--out", `${name}.json`);
  const init = ["trust", "init", "--owner", "owner-1.json", "--key", "broker-1.json", "--audience", "env:dev"];
  expect((await b.seb(...init, "--broker-audience", "broker:dev")).exit).toBe(0);
  const pins = JSON.parse(readFileSync(b.path(".seb", "trust-pins.json"), "utf8"));
  const text = readFileSync(b.path(".seb", "trust.json"), "utf8");
  const trust = await verifyTrust(text, { ...pins, minVersion: 0 }, Date.now() / 1000);
  const sealer = await createSealer("record", JSON.parse(readFileSync(b.path("broker-1.json"), "utf8")));
  if (!trust.ok || !sealer.ok) throw new Error("trust or sealer");
  const common = { sealer: sealer.value, trust: trust.value, writer: "broker-1", clock: { nowMs: () => Date.now() } };
  withChain = async (write) => {
    const sink = createFileSink({ folder: b.path(".seb", "broker", "records") });
    const heads = createFileHeads({ folder: b.path(".seb", "heads", "broker") });
    const chain = await openChain({ sink, heads, ...common });
    if (!chain.ok) throw new Error(chain.error.code);
    await write(chain.value);
    await sink.close();
    await heads.close();
  };
  await withChain(writeDecisions);
}

async function writeDecisions(chain: RecordChain): Promise<void> {
  await chain.append("decision", decision(1, "emergency-rollback"));
  await chain.append("outcome", outcome(1, "executed", 1));
  await chain.append("decision", decision(2, "auto-low-risk-v2"));
  await chain.append("outcome", outcome(2, "executed", 1));
  await chain.append("decision", decision(3, "emergency-rollback"));
  await chain.append("outcome", outcome(3, "unknown", 1));
  await chain.append("outcome", outcome(3, "not_executed", 2));
  await chain.close();
}

describe("seb audit", () => {
  beforeAll(writeRecords);

  it("verifies closed chains: exit 0", async () => {
    const place = ["--records", ".seb/broker/records", "--heads", ".seb/heads/broker"];
    const { exit, value } = await b.json("audit", "verify", ...place);
    expect({ exit, verdict: value.verdict }).toEqual({ exit: 0, verdict: "verified" });
  });

  it("proves nothing of a folder that holds no chain: exit 1", async () => {
    const { exit, value } = await b.json("audit", "verify", "--running");
    expect({ exit, verdict: value.verdict }).toEqual({ exit: 1, verdict: "tail_not_proved" });
    expect(value.empty).toHaveLength(2);
  });

  it("answers who wrote under a policy in a month; what was not executed is no write", async () => {
    const month = new Date().toISOString().slice(0, 7);
    const place = ["--records", ".seb/broker/records", "--heads", ".seb/heads/broker"];
    const asked = ["audit", "query", "--month", month, "--policy", "emergency-rollback", ...place];
    const all = await b.json(...asked);
    expect(all.value.rows).toMatchObject([
      { cert_id: id(1), state: "executed" },
      { cert_id: id(3), state: "not_executed" },
    ]);
    const writes = await b.json(...asked, "--writes");
    expect(writes.value.rows).toMatchObject([{ cert_id: id(1), also: ["human-approved"], outcome: "broker-1 2" }]);
    expect((await b.json("audit", "query", "--month", "2001-01", ...place)).value.rows).toEqual([]);
    expect(writes.value.unproved).toEqual([]);
  });

  it("answers no query from records that were cut behind a copied head, or taken away whole: exit 1", async () => {
    const file = readFileSync(b.path(".seb", "broker", "records", "broker-1.jsonl"), "latin1");
    mkdirSync(b.path("short"));
    writeFileSync(b.path("short", "broker-1.jsonl"), `${file.split("\n").slice(0, 3).join("\n")}\n`, "latin1");
    mkdirSync(b.path("nothing"));
    const query = async (records: string, ...more: string[]) => {
      const { exit, value } = await b.json("audit", "query", "--writes", "--records", records, ...more);
      return { exit, code: value.code, rows: value.rows };
    };
    const heads = ["--heads", ".seb/heads/broker"];
    expect(await query("short", ...heads)).toEqual({ exit: 1, code: "records_broken" });
    expect(await query("nothing", ...heads)).toEqual({ exit: 1, code: "records_broken" });
    expect(await query("nothing")).toEqual({ exit: 1, code: "records_tail_unproved" });
    expect(await query("short", "--heads", "nothing")).toEqual({ exit: 1, code: "records_tail_unproved" });
  });

  it("refuses a query over a dev folder in which a service has no chain: exit 1", async () => {
    const { exit, value } = await b.json("audit", "query");
    expect({ exit, code: value.code }).toEqual({ exit: 1, code: "records_tail_unproved" });
  });

  it("answers a query without heads, and says that a cut would not be seen", async () => {
    const { exit, value } = await b.json("audit", "query", "--records", ".seb/broker/records");
    expect({ exit, unproved: value.unproved }).toMatchObject({ exit: 0, unproved: [{ writer: "broker-1" }] });
    expect((await b.seb("audit", "query", "--records", ".seb/broker/records")).err).toContain("broker-1");
  });

  it("locates one edited byte: exit 1, and queries over it are refused", async () => {
    const lines = readFileSync(b.path(".seb", "broker", "records", "broker-1.jsonl"), "latin1").split("\n");
    const third = lines[2] ?? "";
    lines[2] = `${third.slice(0, 400)}${third.charAt(400) === "A" ? "B" : "A"}${third.slice(401)}`;
    mkdirSync(b.path("copy"));
    writeFileSync(b.path("copy", "broker-1.jsonl"), lines.join("\n"), "latin1");
    const places = ["--records", "copy", "--heads", ".seb/heads/broker"];
    const { exit, value } = await b.json("audit", "verify", ...places);
    expect({ exit, code: value.code }).toEqual({ exit: 1, code: "records_broken" });
    expect(JSON.stringify(value.chains)).toContain('"line":3');
    expect((await b.json("audit", "query", ...places)).value.code).toBe("records_broken");
  });

  it("says that a cut tail is not proved: exit 1, never verified", async () => {
    const lines = readFileSync(b.path(".seb", "broker", "records", "broker-1.jsonl"), "latin1").split("\n");
    mkdirSync(b.path("cut"));
    writeFileSync(b.path("cut", "broker-1.jsonl"), `${lines.slice(0, 5).join("\n")}\n`, "latin1");
    const { exit, value } = await b.json("audit", "verify", "--records", "cut");
    expect({ exit, code: value.code }).toEqual({ exit: 1, code: "records_tail_unproved" });
    expect((await b.json("audit", "verify", "--records", "cut", "--running")).exit).toBe(1);
  });

  it("says for good that a boot was not closed: exit 1, with --running too, and names boot and record", async () => {
    const place = ["--records", ".seb/broker/records", "--heads", ".seb/heads/broker"];
    await withChain(async () => {});
    expect((await b.json("audit", "verify", ...place, "--running")).exit).toBe(0);
    expect((await b.json("audit", "query", ...place)).value.rows).toHaveLength(3);
    await withChain((chain) => chain.close());
    for (const flags of [[], ["--running"]]) {
      const { exit, value } = await b.json("audit", "verify", ...place, ...flags);
      expect({ exit, code: value.code }).toEqual({ exit: 1, code: "records_tail_unproved" });
      expect(value.chains).toMatchObject([{ endProved: true, unclosedBoots: [{ boot: 2, line: 10, seq: 9 }] }]);
    }
    const { exit, out, err } = await b.seb("audit", "verify", ...place);
    expect(exit).toBe(1);
    expect(`${out}${err}`).toMatch(/broker-1\.jsonl: line 10, boot 2 .* record 9\n/);
  });
});

describe("joining records", () => {
  it("lets the outcome of the highest fence count, in whatever order it comes", () => {
    const fold = new AuditFold();
    const at = (seq: number, kind: string, body: Record<string, unknown>) =>
      fold.add({ writer: "broker-1", seq, at_ms: DECEMBER_MS, kind, body });
    at(1, "decision", decision(1, "p"));
    at(2, "outcome", outcome(1, "executed", 2));
    at(3, "outcome", outcome(1, "unknown", 1));
    at(4, "decision", decision(2, "p"));
    const filter = filterOf({ month: "2026-12" });
    const rows = filter.ok ? fold.rows(filter.value) : [];
    expect(rows.map(({ state }) => state)).toEqual(["executed", "decided"]);
    const next = filterOf({ month: "2027-01" });
    expect(next.ok ? fold.rows(next.value) : undefined).toEqual([]);
  });

  it("refuses a month that is none", () => {
    expect(filterOf({ month: "2026-13" })).toMatchObject({ error: { code: "usage" } });
  });
});

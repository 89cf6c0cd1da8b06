import { createHash } from "node:crypto";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { http, seal } from "../harness/agent.js";
import { activate, readControl } from "../harness/control.js";
import { startEmbedded } from "../harness/environment.js";
import { payloadOf } from "../harness/json.js";
import { SERVICES } from "../harness/real-settings.js";
import { certify, OPERATION } from "../harness/scene.js";
import type { ServiceName } from "../harness/services.js";
import { readTrust, type TrustPayload, writeTrust } from "../harness/trust.js";
import { until } from "../harness/until.js";
import type { Environment } from "../harness/world.js";

// Always embedded: the records are those of a `seb dev` folder of commit f5082e2.
const FIXTURE = fileURLToPath(new URL("../fixtures/records-f5082e2", import.meta.url));
let world: Environment;
/** Lines of each chain as the old services left them. */
const old = new Map<ServiceName, readonly string[]>();
const linesOf = (path: string) => readFileSync(path, "utf8").split("\n").slice(0, -1);

/** Record keys of the old trust file, with the time in which they were valid; the file itself expires. */
function oldRecordKeys(): TrustPayload["keys"] {
  const { payload } = JSON.parse(readFileSync(join(FIXTURE, "trust.json"), "utf8"));
  const trust: TrustPayload = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  return trust.keys.filter(({ role }) => role === "record");
}

/** A new folder of today, in which the records are the old ones: nothing else is left of its own short history. */
async function putOldRecords(): Promise<void> {
  await world.stop();
  const trust = readTrust(world);
  await writeTrust(world, { ...trust, version: trust.version + 1, keys: [...trust.keys, ...oldRecordKeys()] });
  rmSync(world.store, { recursive: true, force: true });
  for (const service of SERVICES) {
    rmSync(join(world.seb, service), { recursive: true, force: true });
    rmSync(join(world.seb, "heads", service), { recursive: true, force: true });
    cpSync(join(FIXTURE, service), join(world.seb, service), { recursive: true });
    cpSync(join(FIXTURE, "heads", service), join(world.seb, "heads", service), { recursive: true });
    old.set(service, linesOf(world.ledger.path(service)));
  }
}

async function seb(...args: string[]) {
  const { code, stdout, stderr } = await world.run("seb", [...args, "--json"]);
  return { exit: code, body: JSON.parse(stdout), stderr };
}

beforeAll(async () => {
  world = await startEmbedded({ evenNotReady: true });
  await putOldRecords();
}, 120_000);
afterAll(() => world?.cleanup());

describe("records of commit f5082e2", () => {
  it("verify", async () => {
    const { exit, body } = await seb("audit", "verify");
    expect({ exit, verdict: body.verdict }).toEqual({ exit: 0, verdict: "verified" });
    expect(body.chains.map(({ records }: { records: number }) => records)).toEqual(
      ["signer", "broker", "revocation"].map((name) => old.get(name as ServiceName)?.length),
    );
  });

  it("answer queries: seven decisions, and what became of each", async () => {
    const { exit, body } = await seb("audit", "query");
    expect(exit).toBe(0);
    const states = body.rows.map(({ state }: { state: string }) => state).sort();
    expect(states).toEqual([...Array(4).fill("executed"), ...Array(2).fill("not_executed"), "unknown"]);
    expect(body.rows[0]).toMatchObject({ subject: "agent:oncall-v3", action: "deploy", policy: "auto-low-risk-v2" });
    expect((await seb("audit", "query", "--writes")).body.rows).toHaveLength(4);
    expect(body.unknownKinds).toEqual([]);
  });
});

describe("the services of today on that journal", () => {
  beforeAll(async () => {
    await world.start();
    // The bundle that was active then is not a bundle of today.
    await activate(world, readControl(world));
  }, 120_000);

  it("go on from it: every chain has one boot more, and the old lines are as they were", async () => {
    for (const service of SERVICES) {
      const lines = linesOf(world.ledger.path(service));
      const before = old.get(service) ?? [];
      expect(lines.slice(0, before.length)).toEqual(before);
      expect(world.ledger.of(service)[before.length]).toMatchObject({ kind: "boot", boot: 7, body: { ver: 1 } });
    }
  });

  it("remember what it says: orders stand, what was open is ended, what was executed is told again", async () => {
    const { body } = await http(`${world.urls.revocation}/v1/revocations`);
    expect(body.standing).toContainEqual(
      expect.objectContaining({ target: { kind: "resource", value: "service:payments/region:*" } }),
    );
    const records = world.ledger.of("broker");
    const open = records.findLast(({ kind, body: { state } }) => kind === "outcome" && state === "unknown");
    const certId = String(open?.body.cert_id);
    await until("the broker ended what was open", () =>
      world.ledger.find("broker", "outcome", { cert_id: certId }).some((record) => record.body.state !== "unknown"),
    );
    const executed = records.find(({ kind, body: { state } }) => kind === "outcome" && state === "executed");
    const answer = await world.agent.get(`${world.urls.broker}/v1/executions/${executed?.body.cert_id}`);
    // Its receipt is the very line that the old broker wrote.
    const line = old.get("broker")?.[executed?.seq ?? -1];
    expect(answer).toMatchObject({ status: 200, body: { state: "executed", receipt: line } });
  });

  it("issue and execute, and hand out a receipt: the outcome's own line", async () => {
    const done = await world.agent.execute(await certify(world), OPERATION);
    expect(done).toMatchObject({ status: 200, body: { state: "executed" } });
    const receipt = String(done.body.receipt);
    expect(linesOf(world.ledger.path("broker"))).toContain(receipt);
    expect(payloadOf(receipt)).toMatchObject({
      writer: "broker-1",
      kind: "outcome",
      body: { ver: 1, cert_id: done.body.cert_id, state: "executed" },
    });
    const certId = String(done.body.cert_id);
    expect((await world.agent.get(`${world.urls.broker}/v1/executions/${certId}`)).body.receipt).toBe(receipt);
  });

  it("leave chains that verify from the first old line to the last new one", async () => {
    await world.stop();
    expect(await seb("audit", "verify")).toMatchObject({ exit: 0, body: { verdict: "verified" } });
    expect((await seb("audit", "query")).body.rows).toHaveLength(8);
  });
});

describe("records of a later version", () => {
  const digestOf = (line: string) => `sha256:${createHash("sha256").update(line).digest("hex")}`;

  /** Adds a boot of the broker with records of the test's own, as a later version of the broker would. */
  async function append(...records: { kind: string; body: Record<string, unknown> }[]): Promise<() => void> {
    const path = world.ledger.path("broker");
    const text = readFileSync(path, "utf8");
    const last = linesOf(path).at(-1) ?? "";
    const { boot, seq } = payloadOf(last) as { boot: number; seq: number };
    const previous = { boot, seq, digest: digestOf(last) };
    const all = [{ kind: "boot", body: { ver: 1, previous, torn_bytes: 0, host: "node-7" } }, ...records];
    let prev = previous.digest;
    let added = "";
    for (const [at, { kind, body }] of all.entries()) {
      const place = { ver: 1, writer: "broker-1", boot: boot + 1, seq: seq + 1 + at, prev, at_ms: Date.now() };
      const line = await seal("seb-record+jws", { ...place, kind, body }, world.key("broker-record"));
      prev = digestOf(line);
      added += `${line}\n`;
    }
    writeFileSync(path, text + added);
    return () => writeFileSync(path, text);
  }
  const takeover = {
    kind: "takeover",
    body: { cert_id: `c_${"a".repeat(26)}`, fence: 99, from_broker: "broker-2", from_boot: 1, take_seq: 1 },
  };
  const close = { kind: "close", body: { ver: 1, reason: "SIGTERM" } };

  it("are read with a member more; kinds that are not known are passed over and named", async () => {
    const later = { kind: "settled", body: { ver: 1, anything: ["that", "comes"] } };
    await append({ ...takeover, body: { ...takeover.body, ver: 1, to_region: "us-east-1" } }, later, later, close);
    const verified = await seb("audit", "verify", "--running");
    expect(verified).toMatchObject({ exit: 0, body: { verdict: "tail_not_proved" } });
    expect(verified.body.chains[1]).toMatchObject({ unknownKinds: { settled: 2 }, problemCount: 0 });
    const query = await seb("audit", "query");
    expect(query).toMatchObject({ exit: 0, body: { unknownKinds: [{ writer: "broker-1", kinds: { settled: 2 } }] } });
    expect(query.stderr).toContain("2 settled");
    await world.start();
    const done = await world.agent.execute(await certify(world, { bounds: { max_replicas: 9 } }), {
      ...OPERATION,
      parameters: { ...OPERATION.parameters, replicas: 9 },
    });
    expect(done.body).toMatchObject({ state: "executed" });
    await world.stop();
  });

  it.each([
    ["without a member that its reader needs", { fence: undefined }, "/fence"],
    ["of a ver that is not known", { ver: 2 }, "/ver"],
  ])("%s are located, and nothing starts on them", async (_what, changes, pointer) => {
    const restore = await append({ ...takeover, body: { ...takeover.body, ...changes } }, close);
    const { exit, body } = await seb("audit", "verify");
    const [problem] = body.chains[1].problems;
    expect({ exit, code: body.code, problem }).toMatchObject({
      exit: 1,
      code: "records_broken",
      problem: { what: "body", pointer, line: linesOf(world.ledger.path("broker")).length - 1 },
    });
    await expect(world.start()).rejects.toThrow();
    restore();
  });
});

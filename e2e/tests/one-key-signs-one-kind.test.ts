import { appendFileSync, chmodSync, cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type Answer, http, type KeyFile, seal } from "../harness/agent.js";
import { control } from "../harness/control-endpoint.js";
import { type Environment, startEnvironment, until } from "../harness/environment.js";
import { forge, newKey } from "../harness/forge.js";
import { digestOfBytes, freshId, payloadOf } from "../harness/json.js";
import { signOrder } from "../harness/orders.js";
import { signApproval } from "../harness/people.js";
import { KEYS, otherThan, typesOtherThan } from "../harness/roles.js";
import { certify, hotfix, OPERATION, verdict } from "../harness/scene.js";
import { startsNot } from "../harness/starts-not.js";
import { readTrust, type TrustPayload, trustEntry, writeTrust } from "../harness/trust.js";

let world: Environment;
beforeAll(async () => {
  world = await startEnvironment();
});
afterAll(() => world?.cleanup());

describe("one key signs one kind", () => {
  it.each(otherThan("certificate"))("a certificate signed by the %s key does not execute", async (role) => {
    const key = world.key(KEYS[role]);
    const head = world.gitops.head();
    // Named after the key's owner: nothing but the role stands in the way.
    const token = await forge(world, await certify(world), { iss: key.name }, key);
    const answer = await world.agent.execute(token, OPERATION);
    expect(verdict(answer)).toEqual({ status: 401, code: "token_key_unknown", step: "signature" });
    const verified = await world.agent.verify(token, {});
    expect(verified.body).toMatchObject({ verdict: "would_refuse", code: "token_key_unknown", step: "signature" });
    expect(world.gitops.head()).toBe(head);
  });

  it.each(typesOtherThan("certificate"))(
    "what the %s key signs of its own kind is no certificate",
    async (role, typ) => {
      const head = world.gitops.head();
      const token = await seal(typ, payloadOf(await certify(world)), world.key(KEYS[role]));
      const answer = await world.agent.execute(token, OPERATION);
      expect(verdict(answer)).toEqual({ status: 401, code: "token_typ_not_allowed", step: "token" });
      expect(world.gitops.head()).toBe(head);
    },
  );

  it.each(typesOtherThan("observation"))(
    "what the %s key signs of its own kind is no observation",
    async (role, typ) => {
      const seen = await world.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1" });
      const observation = await seal(typ, payloadOf(String(seen.body.observation)), world.key(KEYS[role]));
      const answer = await world.agent.request(hotfix(world), { observation });
      expect(verdict(answer)).toMatchObject({ status: 403, code: "observation_invalid" });
      expect(answer.body.facts).toMatchObject({ cause: "token_typ_not_allowed" });
    },
  );

  it.each(typesOtherThan("order"))("what the %s key signs of its own kind is no order", async (role, typ) => {
    const claims = payloadOf(await signOrder(world, { do: "epoch", target: { kind: "global", value: "*" } }));
    const order = await seal(typ, claims, world.key(KEYS[role]));
    for (const url of [`${world.urls.revocation}/v1/orders`, `${world.urls.broker}/v1/resolutions`])
      expect(verdict(await http(url, { body: { order } }))).toMatchObject({
        status: 401,
        code: "token_typ_not_allowed",
      });
  });

  it.each(otherThan("observation"))("an observation signed by the %s key gets no certificate", async (role) => {
    const key = world.key(KEYS[role]);
    const seen = await world.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1" });
    const claims = { ...payloadOf(String(seen.body.observation)), iss: key.name };
    const observation = await seal("seb-observation+jws", claims, key);
    const answer = await world.agent.request(hotfix(world), { observation });
    expect(verdict(answer)).toMatchObject({ status: 403, code: "observation_invalid" });
    expect(answer.body.facts).toMatchObject({ cause: "token_key_unknown" });
  });

  it.each(otherThan("order"))("an order signed by the %s key is not obeyed", async (role) => {
    const key = world.key(KEYS[role]);
    const target = { kind: "everything", value: "*" };
    const claims = { ...payloadOf(await signOrder(world, { do: "revoke", target })), sub: key.name };
    const order = await seal("seb-order+jws", claims, key);
    const answer = await http(`${world.urls.revocation}/v1/orders`, { body: { order } });
    expect(verdict(answer)).toMatchObject({ status: 401, code: "token_key_unknown" });
    const view = await http(`${world.urls.revocation}/v1/revocations`);
    expect(view.body.standing).toEqual([]);
  });

  it.each(otherThan("order"))("a resolution signed by the %s key resolves nothing", async (role) => {
    const key = world.key(KEYS[role]);
    const resolve = { do: "resolve", certificate: freshId("c_"), state: "executed" };
    const claims = { ...payloadOf(await signOrder(world, resolve)), sub: key.name };
    const order = await seal("seb-order+jws", claims, key);
    const answer = await http(`${world.urls.broker}/v1/resolutions`, { body: { order } });
    expect(verdict(answer)).toMatchObject({ status: 401, code: "token_key_unknown" });
  });

  it("an operator's own resolution gets past the key", async () => {
    const order = await signOrder(world, { do: "resolve", certificate: freshId("c_"), state: "executed" });
    const answer = await http(`${world.urls.broker}/v1/resolutions`, { body: { order } });
    expect(verdict(answer)).toMatchObject({ status: 404, code: "execution_not_found" });
  });

  let pending: Promise<Answer> | undefined;
  /** A request that waits for people. */
  async function request(): Promise<Record<string, unknown>> {
    pending ??= world.agent.request(hotfix(world, { bounds: { max_replicas: 30 } }));
    const asked = await pending;
    expect(verdict(asked)).toMatchObject({ status: 202, code: "approval_pending" });
    return (await world.agent.get(`${world.urls.signer}/v1/requests/${asked.body.request_id}`)).body;
  }
  const approve = async (approval: string) =>
    http(`${world.urls.signer}/v1/requests/${(await request()).request}/approvals`, { body: { approval } });

  it.each(otherThan("approval"))("an approval signed by the %s key counts for nothing", async (role) => {
    const answer = await approve(await signApproval(await request(), "carol", world.key(KEYS[role])));
    expect(verdict(answer)).toMatchObject({ status: 403, code: "approval_invalid" });
    expect(answer.body.facts).toMatchObject({ cause: "token_key_unknown" });
    expect((await request()).approvals).toEqual([]);
  });

  it.each(typesOtherThan("approval"))("what the %s key signs of its own kind is no approval", async (role, typ) => {
    const claims = payloadOf(await signApproval(await request(), "carol", world.key("person-carol")));
    const answer = await approve(await seal(typ, claims, world.key(KEYS[role])));
    expect(verdict(answer)).toMatchObject({ status: 403, code: "approval_invalid" });
    expect(answer.body.facts).toMatchObject({ cause: "token_typ_not_allowed" });
  });

  it("the approver's own counts", async () => {
    const answer = await approve(await signApproval(await request(), "carol", world.key("person-carol")));
    expect(answer).toMatchObject({ status: 200, body: { approvals: 1 } });
  });

  it("a status that another key signed is not heard: without a fresh one nothing is admitted", async () => {
    const file = join(world.seb, "keys", "revocation-status.json");
    const own = readFileSync(file, "utf8");
    const certificate = await certify(world);
    const head = world.gitops.head();
    await control(world, "revocation", "stop");
    writeFileSync(file, JSON.stringify({ ...JSON.parse(own), jwk: world.key("revocation-record").jwk }));
    const started = await control(world, "revocation", "start");
    try {
      await until("the last heard status is too old", async () => {
        return (await fetch(`${world.urls.broker}/readyz`)).status === 503;
      });
      expect(verdict(await world.agent.execute(certificate, OPERATION))).toEqual({
        status: 503,
        code: "status_stale",
        step: "view",
      });
      expect(world.gitops.head()).toBe(head);
    } finally {
      writeFileSync(file, own);
      if (started.status === 200) await control(world, "revocation", "stop");
      await control(world, "revocation", "start");
    }
    await until("it is heard again", async () => (await world.agent.request(hotfix(world))).status === 201);
  });
  it("a signer whose key the trust file does not know issues nothing, and says so", async () => {
    const file = join(world.seb, "keys", "signer-certificate.json");
    const own = readFileSync(file, "utf8");
    await control(world, "signer", "stop");
    writeFileSync(file, JSON.stringify(await newKey("certificate", "signer:dev")));
    try {
      expect((await control(world, "signer", "start")).status).toBe(200);
      await until("nothing else is wrong", async () => {
        const { status, body } = await http(`${world.urls.signer}/readyz`);
        const { reasons } = body.facts as { reasons: readonly string[] };
        return status === 503 && reasons.join() === "token_key_unknown";
      });
      const answer = await world.agent.request(hotfix(world));
      expect(verdict(answer)).toEqual({ status: 500, code: "self_check_failed", step: "verify" });
    } finally {
      await control(world, "signer", "stop");
      writeFileSync(file, own);
      await control(world, "signer", "start");
    }
    await until("it issues again", async () => (await world.agent.request(hotfix(world))).status === 201);
  });
});

describe("a record that another key signed is found", () => {
  let copies: string;
  let last: { line: string; claims: Record<string, unknown> };
  beforeAll(async () => {
    await world.stop();
    copies = mkdtempSync(join(world.folder, "copies-"));
    const lines = readFileSync(world.ledger.path("signer"), "utf8").trimEnd().split("\n");
    const line = lines.at(-1) ?? "";
    last = { line, claims: payloadOf(line) };
  });

  interface Report {
    readonly verdict: string;
    readonly chains: readonly { readonly verdict: string; readonly problems: readonly Record<string, unknown>[] }[];
  }
  /** Audits copies of the signer's chain against its copied heads, each by itself. */
  async function audit(...folders: readonly string[]): Promise<{ code: number | null; report: Report }> {
    const heads = join(world.seb, "heads", "signer");
    const places = folders.flatMap((folder) => ["--records", folder, "--heads", heads]);
    const ran = await world.run("seb", ["audit", "verify", "--json", ...places]);
    return { code: ran.code, report: JSON.parse(ran.stdout) };
  }
  /** A copy of the signer's chain with one more record, linked and numbered as it should be. */
  async function continued(key: KeyFile, changes: Record<string, unknown> = {}): Promise<string> {
    const folder = mkdtempSync(join(copies, "records-"));
    cpSync(join(world.seb, "signer", "records"), folder, { recursive: true });
    const { claims } = last;
    const previous = { boot: claims.boot, seq: claims.seq, digest: digestOfBytes(last.line) };
    const next = {
      ...claims,
      boot: Number(claims.boot) + 1,
      seq: Number(claims.seq) + 1,
      prev: digestOfBytes(last.line),
      kind: "boot",
      body: { torn_bytes: 0, previous },
      ...changes,
    };
    appendFileSync(join(folder, "signer-1.jsonl"), `${await seal("seb-record+jws", next, key)}\n`);
    return folder;
  }

  it("the signer's own continues its chain", async () => {
    expect((await audit(join(world.seb, "signer", "records"))).report.verdict).toBe("verified");
    const { code, report } = await audit(await continued(world.key("signer-record")));
    expect({ code, verdict: report.verdict }).toEqual({ code: 1, verdict: "tail_not_proved" });
  });

  it("by the key of any other role", async () => {
    const roles = otherThan("record").flat();
    const folders = await Promise.all(roles.map((role) => continued(world.key(KEYS[role]))));
    const { code, report } = await audit(...folders);
    expect({ code, verdict: report.verdict }).toEqual({ code: 1, verdict: "broken" });
    const found = report.chains.map(({ verdict, problems: [first] }) => ({ verdict, ...first }));
    const expected = { verdict: "broken", what: "not_a_record", code: "token_key_unknown" };
    expect(found).toHaveLength(roles.length);
    for (const one of found) expect(one).toMatchObject({ ...expected, seq: Number(last.claims.seq) + 1 });
  });

  it("by another instance's record key, in its own name or in the chain's", async () => {
    const { report } = await audit(await continued(world.key("broker-record")));
    expect(report.chains[0]?.problems[0]).toMatchObject({ what: "not_a_record", code: "issuer_wrong" });
    const named = await audit(await continued(world.key("broker-record"), { writer: "broker-1" }));
    expect(named.report.chains[0]?.problems[0]).toMatchObject({ what: "wrong_writer" });
  });

  it("and a service whose chain holds it does not start", async () => {
    const linesOf = (file: string) => readFileSync(file, "utf8").trimEnd().split("\n");
    const own = linesOf(world.ledger.path("signer"));
    const forged = await continued(world.key("broker-record"));
    await world.records.replace("signer", linesOf(join(forged, "signer-1.jsonl")));
    await startsNot(world, "records_broken", 1);
    await world.records.replace("signer", own);
  });
});

describe("a trust file that gives one key two roles is refused", () => {
  let trust: TrustPayload;
  beforeAll(async () => {
    await world.stop();
    trust = readTrust(world);
  });
  afterAll(() => writeTrust(world, trust));

  const entryOf = (role: string) => {
    const found = trust.keys.find((key) => key.role === role);
    if (!found) throw new Error(`no ${role} key`);
    return found;
  };
  const next = (keys: TrustPayload["keys"], changes: Partial<TrustPayload> = {}) => ({
    ...trust,
    version: trust.version + 1,
    keys,
    ...changes,
  });
  it.each([
    ["a second role", () => ({ ...entryOf("certificate"), role: "observation", name: "broker:dev" })],
    ["the same role twice", () => ({ ...entryOf("certificate") })],
    ["another name for the same key", () => ({ ...entryOf("record"), name: "broker-2" })],
  ])("%s", async (_name, entry) => {
    await writeTrust(world, next([...trust.keys, entry()]));
    await startsNot(world, "trust_invalid", 2);
  });

  it("an owner's key in a role", async () => {
    await writeTrust(
      world,
      next([...trust.keys, await trustEntry({ ...world.key("owner-1"), role: "order" }, "env:dev")]),
    );
    await startsNot(world, "trust_invalid", 2);
  });

  it("a role that no trust file gives", async () => {
    await writeTrust(world, next([...trust.keys, await trustEntry(await newKey("approval", "mallory"), "env:dev")]));
    await startsNot(world, "trust_invalid", 2);
  });

  it("a key under another key's id", async () => {
    const entry = await trustEntry(await newKey("certificate", "signer:dev"), "broker:dev");
    await writeTrust(world, next([...trust.keys, { ...entry, kid: "A".repeat(43) }]));
    await startsNot(world, "trust_invalid", 2);
  });

  it("the signature of one owner where two are pinned, of one owner twice, or of a stranger", async () => {
    await writeTrust(world, next(trust.keys), ["owner-1"]);
    await startsNot(world, "trust_threshold", 2);
    await writeTrust(world, next(trust.keys), ["owner-1", "owner-1"]);
    await startsNot(world, "trust_threshold", 2);
    await writeTrust(world, next(trust.keys), ["owner-1", "operator-alice"]);
    await startsNot(world, "trust_threshold", 2);
  });

  it("an ended file, and one older than the last", async () => {
    await writeTrust(world, next(trust.keys, { exp: Math.floor(Date.now() / 1000) - 1 }));
    await startsNot(world, "trust_expired", 2);
    await writeTrust(world, next(trust.keys, { version: trust.version - 1 }));
    await startsNot(world, "trust_rollback", 2);
  });
});

describe("a key file of another role is refused", () => {
  const path = (name: string) => join(world.seb, "keys", `${name}.json`);
  /** Starts with a changed key file, which must fail, and puts the right one back. */
  async function startsNotWith(name: string, text: string, mode = 0o600): Promise<void> {
    const own = readFileSync(path(name), "utf8");
    writeFileSync(path(name), text);
    chmodSync(path(name), mode);
    try {
      await startsNot(world, "setting_invalid", 2);
    } finally {
      writeFileSync(path(name), own);
      chmodSync(path(name), 0o600);
    }
  }

  it.each([
    ["signer-certificate", "signer-record"],
    ["signer-record", "signer-certificate"],
    ["broker-observation", "broker-record"],
    ["revocation-status", "revocation-record"],
    ["broker-record", "signer-record"],
  ])("%s with the content of %s", async (name, other) => {
    await startsNotWith(name, readFileSync(path(other), "utf8"));
  });

  it("a record key that only says it is one", async () => {
    const { role, name } = world.key("signer-record");
    await startsNotWith("signer-record", JSON.stringify({ role, name, jwk: world.key("signer-certificate").jwk }));
  });

  it("a key file that others can read", async () => {
    await startsNotWith("signer-certificate", readFileSync(path("signer-certificate"), "utf8"), 0o644);
  });

  it("while everything works again with the right ones, and a bad trust file put there meanwhile changes nothing", async () => {
    await world.start();
    const thief = await newKey("certificate", "signer:dev");
    const trust = readTrust(world);
    const more = { ...trust, version: trust.version + 1, keys: [...trust.keys, await trustEntry(thief, "broker:dev")] };
    await writeTrust(world, more, ["owner-1"]);
    await until("the broker has looked at it", () =>
      readFileSync(join(world.seb, "broker", "log.jsonl"), "utf8").includes('"trust_threshold"'),
    );
    const honest = await certify(world);
    const forged = await forge(world, honest, {}, thief);
    expect(verdict(await world.agent.execute(forged, OPERATION))).toEqual({
      status: 401,
      code: "token_key_unknown",
      step: "signature",
    });
    expect((await world.agent.execute(honest, OPERATION)).body).toMatchObject({ state: "executed" });
    await writeTrust(world, trust);
  });
});

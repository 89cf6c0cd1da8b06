import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { leftOut } from "@seb/testkit";
import { attest } from "../harness/attest.js";
import { type AuditEvent, type ClusterWorld, startCluster } from "../harness/cluster.js";
import { at, MERGE } from "../harness/cluster-calls.js";
import { CHANGES, MARKER, NAMESPACE, pathsOf, protectYaml } from "../harness/cluster-world.js";
import { until } from "../harness/environment.js";
import { payloadOf } from "../harness/json.js";
import type { LedgerRecord } from "../harness/ledger.js";

const suite = (await leftOut(["redis-server", "nats-server", "etcd", "kube-apiserver"])) ? describe.skip : describe;
const CART = "cart";
const BOOK = "book";
const DIGEST = `sha256:${"c".repeat(64)}`;
const KINDS = ["deployments", "configmaps", "jobs"];
const READS = ["get", "list", "watch"];
const BY_EXECUTION = /^system:serviceaccount:seb-executions:seb-(c-[a-z2-7]{26})$/;

/** Name of the object in an event, where the answer tells it. */
const nameOf = ({ objectRef }: AuditEvent) => `${objectRef?.resource}/${objectRef?.name ?? ""}`;

suite("the API server's audit log matches ours", () => {
  let cluster: ClusterWorld;
  /** Certificates that were presented, in order. */
  const presented: string[] = [];
  beforeAll(async () => {
    cluster = await startCluster({ services: [CART, BOOK], protect: protectYaml("deny", [CART, BOOK]) });
  });
  afterAll(() => cluster?.cleanup());

  const carryOut = async (change: Parameters<ClusterWorld["certify"]>[0]) => {
    const certificate = await cluster.certify(change);
    presented.push(String(payloadOf(certificate).jti));
    return cluster.world.agent.execute(certificate, change.operation);
  };

  /** Every event about a certified kind in the shop that is no reading, from the moment the services ran. */
  function mutations(): readonly AuditEvent[] {
    return cluster
      .audit()
      .filter(({ objectRef, verb }) => KINDS.includes(objectRef?.resource ?? "") && !READS.includes(verb))
      .filter(({ objectRef, user }) => objectRef?.namespace === NAMESPACE && user.username !== "installer");
  }
  const done = (events: readonly AuditEvent[]) =>
    events.filter(({ responseStatus }) => (responseStatus?.code ?? 500) < 300);

  it("is filled with changes of every kind, refused ones, and other people's tries", async () => {
    const { world } = cluster;
    const evidence = [await attest(world, { name: `registry.example/${CART}`, digest: DIGEST })];
    const executed = [
      CHANGES.scale(CART, 6),
      CHANGES.deploy(CART, DIGEST, evidence),
      CHANGES.restart(CART, "2026-01-31T12:00:00Z"),
      CHANGES.level(CART, "debug"),
      CHANGES.drop(CART),
      CHANGES.scale(BOOK, 3),
      CHANGES.level(BOOK, "warn"),
    ];
    for (const change of executed)
      expect({ change, body: (await carryOut(change)).body }).toMatchObject({ body: { state: "executed" } });
    // Side by side on two objects.
    const beside = [CHANGES.scale(CART, 8), CHANGES.scale(BOOK, 9)];
    for (const { body } of await Promise.all(beside.map(carryOut))) expect(body).toMatchObject({ state: "executed" });

    // One whose field somebody excepted wrote between the broker's check and the server's.
    const path = pathsOf(BOOK).deployment;
    cluster.tap.before = async (call) => {
      if (call.method !== "PATCH" || call.path !== path) return;
      cluster.tap.before = undefined;
      const answer = await cluster.call(cluster.stranger, "PATCH", path, { spec: { replicas: 4 } }, MERGE);
      expect(answer.status).toBe(200);
    };
    expect((await carryOut(CHANGES.scale(BOOK, 10))).body).toMatchObject({ code: "state_drifted" });
    // One that is refused before anything is sent.
    const spent = await cluster.certify(CHANGES.scale(BOOK, 2));
    await world.agent.execute(spent, CHANGES.scale(BOOK, 2).operation, { proofKey: world.key("builder") });

    // People with every right but that of the guard.
    const agent = cluster.kube.adminToken;
    const tries = [
      await cluster.call(agent, "PATCH", path, { spec: { replicas: 1 } }, MERGE),
      await cluster.call(agent, "DELETE", pathsOf(BOOK).job),
      await cluster.call(cluster.brokerToken, "PATCH", path, { spec: { replicas: 1 } }, MERGE),
    ];
    expect(tries.map(({ status }) => status)).toEqual([403, 403, 403]);
  });

  it("each mutation joins to exactly one certificate and one outcome, by identity, by token and by marker", async () => {
    const { ledger } = cluster.world;
    await until("the log holds every mutation", () => done(mutations()).length >= presented.length);
    const outcomes = ledger.find("broker", "outcome");
    const decisions = ledger.find("broker", "decision");
    const issued = ledger.find("signer", "issued");
    const made = done(mutations()).filter(({ user }) => user.username !== "stranger");
    expect(made.length).toBe(presented.length - 1);
    for (const event of made) {
      const [, name = ""] = BY_EXECUTION.exec(event.user.username) ?? [];
      const certId = name.replace(/^c-/, "c_");
      const about = { event: nameOf(event), verb: event.verb, by: event.user.username };
      const found = outcomes.filter(({ body }) => body.identity === event.user.username);
      expect({ about, found: found.map(({ body }) => [body.cert_id, body.state]) }).toEqual({
        about,
        found: [[certId, "executed"]],
      });
      expect(objectOf(found[0])).toContain(`/${event.objectRef?.name}`);
      expect(decisions.filter(({ body }) => body.cert_id === certId)).toHaveLength(1);
      expect(issued.filter(({ body }) => body.cert_id === certId)).toHaveLength(1);
      // RBAC says which binding let it through; it has the identity's name.
      expect(event.annotations?.["authorization.k8s.io/reason"]).toContain(`"seb-${name}/${NAMESPACE}"`);
      // The guard's own audit annotation says what the object was marked with. A deletion leaves no marker.
      const marks = Object.entries(event.annotations ?? {}).filter(([key]) => /^seb-guard-.*\/certificate$/.test(key));
      if (event.verb !== "delete") expect(marks.map(([, mark]) => mark)).toEqual([certId]);
    }
  });

  it("each execution of ours joins to exactly one mutation, and what was not executed to none", () => {
    const made = done(mutations());
    const outcomes = cluster.world.ledger.find("broker", "outcome");
    expect(outcomes.map(({ body }) => body.cert_id).sort()).toEqual([...presented].sort());
    for (const { body } of outcomes) {
      const joined = made.filter(({ user }) => user.username === body.identity);
      expect([body.cert_id, body.state, joined.length]).toEqual([
        body.cert_id,
        body.state,
        body.state === "executed" ? 1 : 0,
      ]);
    }
    expect(outcomes.filter(({ body }) => body.state !== "executed")).toHaveLength(1);
  });

  it("the token of each mutation is one that the broker asked for, for that identity", () => {
    const log = cluster.audit();
    const asked = log.filter(({ objectRef, verb }) => verb === "create" && objectRef?.subresource === "token");
    for (const { user, auditID } of done(mutations())) {
      if (user.username === "stranger") continue;
      const [credential] = user.extra?.["authentication.kubernetes.io/credential-id"] ?? [];
      const tokens = cluster.tap.calls.filter(({ path, method }) => method === "POST" && path.endsWith("/token"));
      const ours = tokens.filter(({ answer }) => `JTI=${jtiOf(answer)}` === credential);
      expect([auditID, ours.length]).toEqual([auditID, 1]);
      const account = user.username.split(":").at(-1);
      const requests = asked.filter(({ objectRef }) => objectRef?.name === account);
      expect(requests.map((one) => one.user.username)).toEqual(["system:serviceaccount:seb-system:broker"]);
    }
  });

  it("whoever else wrote is named, and nobody wrote what only a certificate may change", async () => {
    const others = done(mutations()).filter(({ user }) => !BY_EXECUTION.test(user.username));
    expect(others.map(({ user, verb }) => [user.username, verb])).toEqual([["stranger", "patch"]]);
    // The object still names the last execution that was let through.
    const now = await cluster.must("GET", pathsOf(BOOK).deployment);
    const outcomes = cluster.world.ledger.find("broker", "outcome", { state: "executed" });
    const last = outcomes
      .filter(({ body }) => String((body.result as { object: string }).object).endsWith(BOOK))
      .at(-1);
    expect(at(now, "metadata", "annotations", MARKER)).toBe(last?.body.cert_id);
  });
});

const objectOf = (outcome: LedgerRecord | undefined) => String(at(outcome?.body, "result", "object"));
const jtiOf = (answer: string) => payloadOf(JSON.parse(answer).status.token).jti;

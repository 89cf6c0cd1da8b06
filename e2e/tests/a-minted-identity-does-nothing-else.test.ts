import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { leftOut } from "@seb/testkit";
import { type ClusterWorld, EXECUTIONS, startCluster, stateOf } from "../harness/cluster.js";
import { at, eachOf, JSON_PATCH, refusedBy } from "../harness/cluster-calls.js";
import { discovered, NOTHING, requestsFor, tryVerb, type Wanted } from "../harness/cluster-verbs.js";
import { CHANGES, imageOf, MARKER, NAMESPACE, objectsOf, pathsOf } from "../harness/cluster-world.js";
import { until } from "../harness/environment.js";
import { freshId, payloadOf } from "../harness/json.js";
import { giveOrder } from "../harness/orders.js";

const suite = (await leftOut(["redis-server", "nats-server", "etcd", "kube-apiserver"])) ? describe.skip : describe;
const CART = "cart";
const BOOK = "book";
const ELSEWHERE = "elsewhere";
const GROUPS = [
  "/api/v1",
  "/apis/apps/v1",
  "/apis/batch/v1",
  "/apis/autoscaling/v2",
  "/apis/policy/v1",
  "/apis/rbac.authorization.k8s.io/v1",
  "/apis/admissionregistration.k8s.io/v1",
  "/apis/apiextensions.k8s.io/v1",
  "/apis/certificates.k8s.io/v1",
];
const WRITES = "seb-execution-writes-deployments.apps";
const ROUNDS = 5;
/** Generous: the machine may be busy with other tests. */
const RECALLED_WITHIN_MS = 5000;

suite("a minted identity does nothing else", () => {
  let cluster: ClusterWorld;
  beforeAll(async () => {
    cluster = await startCluster({ services: [CART, BOOK] });
    await cluster.must("POST", "/api/v1/namespaces", { metadata: { name: ELSEWHERE } });
    for (const [path, body] of Object.entries(objectsOf(CART))) {
      const collection = path.slice(0, path.lastIndexOf("/")).replace(`/${NAMESPACE}/`, `/${ELSEWHERE}/`);
      await cluster.must("POST", collection, body);
    }
  });
  afterAll(() => cluster?.cleanup());
  beforeEach(() => {
    cluster.tap.before = undefined;
  });

  /** The token of a certificate's identity, as the API server answered the broker. */
  async function tokenFor(certId: string): Promise<string> {
    const path = `/api/v1/namespaces/${EXECUTIONS}/serviceaccounts/seb-${certId.replace("_", "-")}/token`;
    const find = () => cluster.tap.calls.find((call) => call.path === path && call.status === 201);
    await until("the identity has a token", () => find() !== undefined);
    return String(at(JSON.parse(find()?.answer ?? "{}"), "status", "token"));
  }

  const probe = (token: string, service: string) =>
    cluster.call(token, "PATCH", pathsOf(service).deployment, NOTHING, JSON_PATCH);

  /** The one thing that it may do, asked for without doing it: RBAC lets it through, and the patch's own test fails. */
  const untilBound = (token: string, service: string) =>
    until("the binding counts", async () => (await probe(token, service)).status === 422);

  /** Milliseconds since `began` until the identity was refused, asked without a pause. @throws when that takes too long. */
  async function refusedAfter(began: number, token: string, service: string): Promise<number> {
    for (;;) {
      const { status } = await probe(token, service);
      const ms = performance.now() - began;
      if (status === 401 || status === 403) return ms;
      if (ms > RECALLED_WITHIN_MS) throw new Error(`not refused within ${RECALLED_WITHIN_MS} ms`);
    }
  }

  it("while its execution is held: no other name, verb, namespace, subresource or kind; its fields only", async () => {
    const { world } = cluster;
    await world.stopService("broker");
    await world.start({ step: "execute", when: "before", do: "pause" });
    const change = CHANGES.scale(CART, 7);
    const certificate = await cluster.certify(change);
    const certId = String(payloadOf(certificate).jti);
    const before = await stateOf(cluster, pathsOf(CART).deployment);
    const executing = world.agent.execute(certificate, change.operation);
    await until("the execution is held", () => world.reached());
    const token = await tokenFor(certId);
    await untilBound(token, CART);

    const places = [
      { namespace: NAMESPACE, name: CART },
      { namespace: NAMESPACE, name: BOOK },
      { namespace: NAMESPACE, name: `${CART}-settings` },
      { namespace: ELSEWHERE, name: CART },
      { namespace: EXECUTIONS, name: `seb-${certId.replace("_", "-")}` },
    ];
    const wanted: Wanted[] = [];
    for (const base of GROUPS)
      for (const one of await discovered(cluster.call, cluster.installer, base))
        for (const place of places) wanted.push(...requestsFor(base, one, place));
    const answers = await eachOf(wanted, async (one) => {
      const by = refusedBy(await tryVerb(cluster.call, token, one));
      return by === "rbac" ? [] : [`${one.verb} ${one.resource} ${one.namespace}/${one.name}`];
    });
    expect(answers.flat()).toEqual([`patch deployments ${NAMESPACE}/${CART}`]);
    expect(new Set(wanted.map(({ resource }) => resource)).size).toBeGreaterThan(60);

    const container = "/spec/template/spec/containers/0";
    const marked = { op: "add", path: "/metadata/annotations", value: { [MARKER]: certId } };
    const steps: readonly (readonly object[])[] = [
      [{ op: "replace", path: "/spec/replicas", value: 9 }],
      [
        { op: "replace", path: "/spec/replicas", value: 9 },
        { op: "add", path: "/metadata/annotations", value: { [MARKER]: freshId("c_") } },
      ],
      [{ op: "replace", path: `${container}/image`, value: imageOf("evil", "a") }, marked],
      [{ op: "add", path: `${container}/command`, value: ["sh"] }, marked],
      [{ op: "add", path: "/spec/template/spec/serviceAccountName", value: "admin" }, marked],
      [{ op: "add", path: "/spec/paused", value: true }, marked],
      [{ op: "add", path: "/metadata/finalizers", value: ["example.com/stay"] }, marked],
    ];
    for (const patch of steps) {
      const answer = await cluster.call(token, "PATCH", pathsOf(CART).deployment, patch, JSON_PATCH);
      expect([answer.status, refusedBy(answer)]).toEqual([403, WRITES]);
    }
    expect(await stateOf(cluster, pathsOf(CART).deployment)).toBe(before);

    // It was a living identity: what it was made for happens with it.
    world.resume();
    expect((await executing).body).toMatchObject({ state: "executed" });
    const write = cluster.tap.calls.filter(
      ({ method, path }) => method === "PATCH" && path === pathsOf(CART).deployment,
    );
    expect(write.at(-1)?.token).toBe(token);
  });

  it("after its execution: not even the same again", async () => {
    const change = CHANGES.scale(CART, 8);
    const certificate = await cluster.certify(change);
    expect((await cluster.world.agent.execute(certificate, change.operation)).body).toMatchObject({
      state: "executed",
    });
    const token = await tokenFor(String(payloadOf(certificate).jti));
    const ms = await refusedAfter(performance.now(), token, CART);
    print(`after the execution: refused ${ms.toFixed(1)} ms after its answer`);

    const before = await stateOf(cluster, pathsOf(CART).deployment);
    const sent = cluster.tap.calls.findLast(({ method, token: by }) => method === "PATCH" && by === token);
    for (const patch of [
      JSON.parse(sent?.body ?? "[]"),
      [{ op: "replace", path: "/spec/replicas", value: 2 }],
      NOTHING,
    ])
      expect([401, 403]).toContain(
        (await cluster.call(token, "PATCH", pathsOf(CART).deployment, patch, JSON_PATCH)).status,
      );
    expect(await stateOf(cluster, pathsOf(CART).deployment)).toBe(before);
    const name = `seb-${String(payloadOf(certificate).jti).replace("_", "-")}`;
    const account = `/api/v1/namespaces/${EXECUTIONS}/serviceaccounts/${name}`;
    const binding = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/rolebindings/${name}`;
    for (const path of [account, binding])
      expect((await cluster.call(cluster.installer, "GET", path)).status).toBe(404);
  });

  it(`after a revocation: refused, and so is the change that was on its way, in ${ROUNDS} rounds`, async () => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const change = CHANGES.scale(BOOK, 10 + round);
      const path = pathsOf(BOOK).deployment;
      const certificate = await cluster.certify(change);
      const certId = String(payloadOf(certificate).jti);
      const before = await stateOf(cluster, path);
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const token = new Promise<string>((resolve) => {
        // The change is held on the wire: all of the broker's checks are behind it.
        cluster.tap.before = async (call) => {
          if (call.method !== "PATCH" || call.path !== path) return;
          resolve(call.token);
          await released;
        };
      });
      const executing = cluster.world.agent.execute(certificate, change.operation);
      const minted = await token;
      await untilBound(minted, BOOK);
      const target = { kind: "certificate", value: certId };
      const given = await giveOrder(cluster.world, { do: "revoke", target });
      expect(given.status).toBe(200);
      times.push(await refusedAfter(performance.now(), minted, BOOK));
      release();
      const { body } = await executing;
      expect(body).toMatchObject({ code: expect.stringMatching(/^(recalled|revoked_certificate)$/) });
      expect(await stateOf(cluster, path)).toBe(before);
      const [outcome] = cluster.world.ledger.find("broker", "outcome", { cert_id: certId });
      expect(outcome?.body).toMatchObject({ state: "not_executed" });
    }
    print(`recall: refused ${times.map((ms) => ms.toFixed(1)).join(" ")} ms after the order was acknowledged`);
  });
});

const print = (line: string) => process.stderr.write(`${line}\n`);

import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { leftOut } from "@seb/testkit";
import { type ClusterWorld, startCluster, stateOf } from "../harness/cluster.js";
import { APPLY, eachOf, JSON_PATCH, MERGE, refusedBy, STRATEGIC } from "../harness/cluster-calls.js";
import { discovered, READS, requestsFor, tryVerb } from "../harness/cluster-verbs.js";
import { CHANGES, NAMESPACE, objectsOf, pathsOf } from "../harness/cluster-world.js";
import { payloadOf } from "../harness/json.js";

const suite = (await leftOut(["redis-server", "nats-server", "etcd", "kube-apiserver"])) ? describe.skip : describe;
const CART = "cart";
const PATHS = Object.values(pathsOf(CART));

suite("the broker itself cannot write", () => {
  let cluster: ClusterWorld;
  beforeAll(async () => {
    cluster = await startCluster({ services: [CART] });
  });
  afterAll(() => cluster?.cleanup());

  const all = () => Promise.all(PATHS.map((path) => stateOf(cluster, path)));

  it("changes every kind of object, and shows its own token for none of the writes", async () => {
    for (const change of [
      CHANGES.scale(CART, 7),
      CHANGES.restart(CART, "2026-01-31T12:00:00Z"),
      CHANGES.level(CART, "debug"),
      CHANGES.drop(CART),
    ])
      expect((await cluster.carryOut(change)).body).toMatchObject({ state: "executed" });
    await cluster.must("POST", `/apis/batch/v1/namespaces/${NAMESPACE}/jobs`, objectsOf(CART)[pathsOf(CART).job]);

    const { calls } = cluster.tap;
    const own = calls.filter(({ token }) => token === cluster.brokerToken);
    expect(own.filter(({ method }) => method === "POST").length).toBeGreaterThan(0);
    const writes = calls.filter(({ method, path }) => method !== "GET" && PATHS.includes(path));
    expect(writes.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const writers = writes.map(({ token }) => String(payloadOf(token).sub));
    expect(new Set(writers).size).toBe(writes.length);
    for (const writer of writers) expect(writer).toMatch(/^system:serviceaccount:seb-executions:seb-c-[a-z2-7]{26}$/);
  });

  it("reads the certified objects with that token, and nothing else beside them", async () => {
    for (const path of PATHS) expect((await cluster.call(cluster.brokerToken, "GET", path)).status).toBe(200);
    for (const path of PATHS) {
      const collection = path.slice(0, path.lastIndexOf("/"));
      for (const other of [collection, `${collection}/other`])
        expect(refusedBy(await cluster.call(cluster.brokerToken, "GET", other))).toBe("rbac");
    }
  });

  it("is refused by RBAC for every verb and subresource that discovery lists in the target's namespace, but reading", async () => {
    const before = await all();
    const wanted = [];
    for (const base of ["/api/v1", "/apis/apps/v1", "/apis/batch/v1"])
      for (const one of await discovered(cluster.call, cluster.installer, base))
        for (const name of [CART, `${CART}-settings`, `${CART}-migration`])
          wanted.push(...requestsFor(base, one, { namespace: NAMESPACE, name }));
    const writes = wanted.filter(({ verb }) => !READS.includes(verb));
    const open = await eachOf(writes, async (one) => {
      const by = refusedBy(await tryVerb(cluster.call, cluster.brokerToken, one));
      return by === "rbac" ? [] : [`${one.verb} ${one.resource} ${one.name}: ${by}`];
    });
    expect(open.flat()).toEqual([]);
    const seen = [...new Set(writes.map(({ resource }) => resource))];
    const certified = ["deployments", "deployments/scale", "deployments/status", "configmaps", "jobs", "jobs/status"];
    expect(seen).toEqual(expect.arrayContaining(certified));
    expect(await all()).toEqual(before);
  });

  it("is refused for every way of writing what a certificate could change", async () => {
    const before = await all();
    for (const path of PATHS) {
      const body = { ...objectsOf(CART)[path] };
      const labels = { metadata: { labels: { a: "b" } } };
      const label = [{ op: "add", path: "/metadata/labels", value: { a: "b" } }];
      const tries = [
        ["PATCH", path, labels, MERGE],
        ["PATCH", path, labels, STRATEGIC],
        ["PATCH", path, label, JSON_PATCH],
        ["PATCH", `${path}?fieldManager=seb&force=true`, body, APPLY],
        ["PATCH", `${path}?dryRun=All`, labels, MERGE],
        ["PUT", path, body],
        ["DELETE", path],
        ["DELETE", path.slice(0, path.lastIndexOf("/"))],
        ["POST", path.slice(0, path.lastIndexOf("/")), body],
      ] as const;
      for (const [method, at, sent, type] of tries)
        expect(refusedBy(await cluster.call(cluster.brokerToken, method, at, sent, type))).toBe("rbac");
    }
    expect(await all()).toEqual(before);
  });
});

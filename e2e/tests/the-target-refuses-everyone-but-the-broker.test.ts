import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { leftOut } from "@seb/testkit";
import { type ClusterWorld, RBAC, startCluster, stateOf } from "../harness/cluster.js";
import { APPLY, at, JSON_PATCH, MERGE, refusedBy, STRATEGIC } from "../harness/cluster-calls.js";
import { type Discovered, discovered, READS } from "../harness/cluster-verbs.js";
import { CHANGES, dayFromNow, MARKER, NAMESPACE, objectsOf, pathsOf, protectYaml } from "../harness/cluster-world.js";
import { until } from "../harness/environment.js";
import { freshId } from "../harness/json.js";

const suite = (await leftOut(["redis-server", "nats-server", "etcd", "kube-apiserver"])) ? describe.skip : describe;
const CART = "cart";
const PATHS = pathsOf(CART);
const AGENT = "system:serviceaccount:agents:oncall-v3";
const FAILURE = "validation.policy.admission.k8s.io/validation_failure";
const protect = (mode: "audit" | "deny") =>
  protectYaml(mode, [CART], [{ principal: AGENT, reason: "has ended", expires: dayFromNow(-2) }]);

/** A certified kind: its object, and a write of a field that only certificates may change. */
interface Kind {
  readonly base: string;
  readonly plural: string;
  readonly path: string;
  readonly guard: string;
  readonly write: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly steps: readonly object[];
  /** A write of a protected field that changes something each time. */
  readonly again: (turn: number) => object;
}
const KINDS: readonly Kind[] = [
  {
    base: "/apis/apps/v1",
    plural: "deployments",
    path: PATHS.deployment,
    guard: "seb-guard-deployments",
    write: { spec: { replicas: 8 } },
    steps: [{ op: "replace", path: "/spec/replicas", value: 8 }],
    again: (turn) => ({ spec: { replicas: 20 + turn } }),
  },
  {
    base: "/api/v1",
    plural: "configmaps",
    path: PATHS.config,
    guard: "seb-guard-settings",
    write: { data: { LOG_LEVEL: "trace" } },
    steps: [{ op: "replace", path: "/data/LOG_LEVEL", value: "trace" }],
    again: (turn) => ({ data: { LOG_LEVEL: `level-${turn}` } }),
  },
  {
    base: "/apis/batch/v1",
    plural: "jobs",
    path: PATHS.job,
    guard: "seb-guard-migrations",
    write: { spec: { suspend: false } },
    steps: [{ op: "replace", path: "/spec/suspend", value: false }],
    again: (turn) => ({ spec: { parallelism: 2 + turn } }),
  },
];

interface Attempt {
  readonly verb: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly type?: string;
}

/** Every way in which a verb of a resource can change what is certified, given what stands there now. */
function attempts(kind: Kind, { resource, verbs }: Discovered, now: Record<string, unknown>): readonly Attempt[] {
  const sub = resource.split("/")[1];
  const path = sub === undefined ? kind.path : `${kind.path}/${sub}`;
  const collection = kind.path.slice(0, kind.path.lastIndexOf("/"));
  const { managedFields: _, resourceVersion, ...metadata } = now.metadata as Record<string, unknown>;
  const changed: Record<string, unknown> = { ...now, metadata };
  for (const [key, value] of Object.entries(kind.write)) changed[key] = { ...(now[key] as object), ...value };
  const marked = { metadata: { annotations: { [MARKER]: freshId("c_") } } };
  const applied = { apiVersion: now.apiVersion, kind: now.kind, metadata: { name: metadata.name }, ...kind.write };
  const uid = metadata.uid;
  const options = { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid }, propagationPolicy: "Background" };
  const ways: Readonly<Record<string, readonly Omit<Attempt, "verb">[]>> = {
    update: [
      { method: "PUT", path, body: { ...changed, metadata: { ...metadata, resourceVersion } } },
      { method: "PUT", path, body: changed },
    ],
    patch: [
      { method: "PATCH", path, body: kind.write, type: MERGE },
      { method: "PATCH", path, body: kind.write, type: STRATEGIC },
      { method: "PATCH", path, body: kind.steps, type: JSON_PATCH },
      { method: "PATCH", path: `${path}?fieldManager=agent&force=true`, body: applied, type: APPLY },
      // A scale knows no annotations: it drops them.
      ...(sub === "scale" ? [] : [{ method: "PATCH", path, body: marked, type: MERGE }]),
    ],
    create: [{ method: "POST", path: collection, body: objectsOf(CART)[kind.path] }],
    delete: [
      { method: "DELETE", path },
      { method: "DELETE", path: `${path}?propagationPolicy=Orphan` },
      { method: "DELETE", path, body: options },
    ],
    deletecollection: [
      { method: "DELETE", path: collection },
      { method: "DELETE", path: `${collection}?fieldSelector=metadata.name%3D${metadata.name}` },
    ],
  };
  return verbs
    .filter((verb) => !READS.includes(verb))
    .flatMap((verb) => (ways[verb] ?? []).map((way) => ({ verb, ...way })));
}

suite("the target refuses everyone but the broker", () => {
  let cluster: ClusterWorld;
  let agent: string;
  beforeAll(async () => {
    cluster = await startCluster({ services: [CART] });
    await cluster.must("POST", "/api/v1/namespaces", { metadata: { name: "agents" } });
    agent = await cluster.tokenOf("agents", "oncall-v3");
    // More than `edit`: every verb on everything in the namespace.
    const rules = [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }];
    await cluster.must("POST", `${RBAC}/namespaces/${NAMESPACE}/roles`, { metadata: { name: "editors" }, rules });
    await cluster.must("POST", `${RBAC}/namespaces/${NAMESPACE}/rolebindings`, {
      metadata: { name: "editors" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "editors" },
      subjects: [{ kind: "ServiceAccount", namespace: "agents", name: "oncall-v3" }],
    });
    const [first] = KINDS as [Kind];
    await until("the rights count", async () => (await write(agent, first, "?dryRun=All")).status === 200);
  });
  afterAll(() => cluster?.cleanup());

  const write = (token: string, { path, write: body }: Kind, query = "") =>
    cluster.call(token, "PATCH", `${path}${query}`, body, MERGE);

  it("leaves all to RBAC as long as nothing is protected", async () => {
    for (const kind of KINDS) expect((await write(agent, kind)).status).toBe(200);
  });

  it("only notes, while the protection audits: the write goes through, and the audit log names it", async () => {
    expect((await cluster.check(protect("audit"))).code).toBe(1);
    await cluster.install(protect("audit"));
    expect(await cluster.check(protect("audit"))).toEqual({ code: 0, findings: [] });
    for (const kind of KINDS) {
      let turn = 0;
      await until(`${kind.guard} notes`, async () => {
        turn += 1;
        expect((await cluster.call(agent, "PATCH", kind.path, kind.again(turn), MERGE)).status).toBe(200);
        const notes = cluster.audit().filter(({ user }) => user.username === AGENT);
        return notes.some(({ annotations }) => (annotations?.[FAILURE] ?? "").includes(kind.guard));
      });
    }
  });

  it("refuses, once the protection denies", async () => {
    const { code, findings } = await cluster.check(protect("deny"));
    expect(code).toBe(1);
    expect(findings.length).toBeGreaterThan(0);
    await cluster.install(protect("deny"));
    expect(await cluster.check(protect("deny"))).toEqual({ code: 0, findings: [] });
    for (const kind of KINDS)
      await until(`${kind.guard} bites`, async () => {
        const answer = await cluster.call(agent, "PATCH", `${kind.path}?dryRun=All`, kind.again(0), MERGE);
        return refusedBy(answer) === kind.guard;
      });
  });

  it("still lets certificates through, for every kind", async () => {
    for (const change of [
      CHANGES.scale(CART, 4),
      CHANGES.restart(CART, "2026-01-31T12:00:00Z"),
      CHANGES.level(CART, "warn"),
      CHANGES.drop(CART),
    ])
      expect((await cluster.carryOut(change)).body).toMatchObject({ state: "executed" });
    // The job is the certificates' alone also to make: an installer lifts the protection for a moment.
    expect(refusedBy(await cluster.call(agent, "POST", jobs, objectsOf(CART)[PATHS.job]))).toBe("seb-guard-migrations");
    const policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/seb-guard-migrations";
    await cluster.must("DELETE", policies);
    await until("the protection is lifted", async () => {
      const { status } = await cluster.call(cluster.installer, "POST", jobs, objectsOf(CART)[PATHS.job]);
      return status === 201;
    });
    expect((await cluster.check(protect("deny"))).code).toBe(1);
    await cluster.install(protect("deny"));
    await until("it stands again", async () => refusedBy(await write(agent, jobKind, "?dryRun=All")) === jobKind.guard);
  });

  it.each([
    ["the agent's own account, which may do everything by RBAC", () => agent],
    ["a member of system:masters", () => cluster.kube.adminToken],
  ])("is changed by no verb and no subresource that discovery lists: %s", async (_title, token) => {
    const tried = new Set<string>();
    const wanted = new Set<string>();
    for (const kind of KINDS) {
      const listed = await discovered(cluster.call, cluster.installer, kind.base);
      for (const one of listed.filter(({ resource }) => resource.split("/")[0] === kind.plural)) {
        for (const verb of one.verbs) if (!READS.includes(verb)) wanted.add(`${verb} ${one.resource}`);
        const sub = one.resource.split("/")[1];
        const now = await cluster.must("GET", sub === undefined ? kind.path : `${kind.path}/${sub}`);
        const before = await stateOf(cluster, kind.path);
        for (const { verb, method, path, body, type } of attempts(kind, one, now)) {
          const answer = await cluster.call(token(), method, path, body, type);
          tried.add(`${verb} ${one.resource}`);
          const about = [method, path, type, answer.body.message];
          // A status may be written by who has the right to, and nothing beside it: the server drops the rest.
          if (sub !== "status") expect([...about, refusedBy(answer)]).toEqual([...about, kind.guard]);
          expect([...about, await stateOf(cluster, kind.path)]).toEqual([...about, before]);
        }
      }
    }
    expect(tried).toEqual(wanted);
    expect([...tried]).toEqual(
      expect.arrayContaining(["patch deployments/scale", "update jobs/status", "delete configmaps"]),
    );
  });

  it("refuses pods beside a strictly protected workload, impersonation, and an exception that has ended", async () => {
    const pod = { metadata: { name: "p" }, spec: { containers: [{ name: "a", image: "a" }] } };
    const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;
    expect(refusedBy(await cluster.call(agent, "POST", pods, pod))).toBe("seb-guard-migrations-pods");
    // Written as an execution would write it, marker and all: only the token tells that it is none.
    const letters = "a".repeat(26);
    const as = {
      "impersonate-user": `system:serviceaccount:seb-executions:seb-c-${letters}`,
      "impersonate-group": "system:masters",
    };
    const marked = { metadata: { annotations: { [MARKER]: `c_${letters}` } } };
    for (const kind of KINDS) {
      const uid = at(await cluster.must("GET", kind.path), "metadata", "uid");
      const [method, body, type] =
        kind === jobKind
          ? ["DELETE", { preconditions: { uid }, propagationPolicy: "Background" }, undefined]
          : ["PATCH", { ...kind.again(70), ...marked }, MERGE];
      const answer = await cluster.call(cluster.kube.adminToken, method, kind.path, body, type, as);
      expect(refusedBy(answer)).toBe(kind.guard);
    }
    const exception = await cluster.must("GET", "/apis/seb.dev/v1/guardexceptions/deployments");
    expect(JSON.stringify(at(exception, "spec", "allow"))).not.toContain(AGENT);
  });

  it("lets in who is excepted, for that kind alone, and everybody with the right to what is not certified", async () => {
    const [deployments, settings] = KINDS as [Kind, Kind];
    expect((await write(cluster.stranger, deployments)).status).toBe(200);
    expect(refusedBy(await write(cluster.stranger, settings))).toBe(settings.guard);
    const labels = { metadata: { labels: { team: "shop" } } };
    const kept = { data: { keep: "no" } };
    expect((await cluster.call(agent, "PATCH", deployments.path, labels, MERGE)).status).toBe(200);
    expect((await cluster.call(agent, "PATCH", settings.path, kept, MERGE)).status).toBe(200);
    const mine = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
    expect((await cluster.call(agent, "POST", mine, { metadata: { name: "mine" } })).status).toBe(201);
    expect((await cluster.call(agent, "DELETE", `${mine}/mine`)).status).toBe(200);
  });
});

const jobs = PATHS.job.slice(0, PATHS.job.lastIndexOf("/"));
const jobKind = KINDS[2] as Kind;

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { leftOut, runCommand } from "@seb/testkit";
import { escalations, OTHER_ROLE, PROVISIONED_ROLE } from "@seb/testkit/escalations";
import { ROOT, SWEEP_MAIN } from "../harness/build.js";
import { type ClusterWorld, EXECUTIONS, RBAC, SYSTEM, startCluster, stateOf } from "../harness/cluster.js";
import { at, listAt, refusedBy } from "../harness/cluster-calls.js";
import { accountsPath, bindingPath, marking, type Stolen, steal, untilBound } from "../harness/cluster-thief.js";
import { CHANGES, imageOf, NAMESPACE, objectsOf, pathsOf } from "../harness/cluster-world.js";
import { until } from "../harness/environment.js";
import { payloadOf } from "../harness/json.js";

const suite = (await leftOut(["redis-server", "nats-server", "etcd", "kube-apiserver"])) ? describe.skip : describe;
const CART = "cart";
const BOOK = "book";
const PATCH_ROLE = `seb-x-patch-deployments.apps-${CART}`;
const DELETE_ROLE = `seb-x-delete-jobs.batch-${CART}-migration`;
const WRITES = "seb-execution-writes-deployments.apps";
const TRIED = escalations("STANDING");
const MOST_ACCOUNTS = 201;

/** First column of the first table of LIMITS.md: what stays open. */
function openByLimits(): readonly string[] {
  const file = fileURLToPath(new URL("../../packages/connector-kubernetes/LIMITS.md", import.meta.url));
  const rows = readFileSync(file, "utf8").split("\n## ")[0]?.split("\n") ?? [];
  return rows
    .filter((row) => row.startsWith("| "))
    .map((row) => row.split("|")[1]?.trim() ?? "")
    .filter((cell) => cell !== "open");
}

suite("a stolen broker identity stays in the scheme", () => {
  let cluster: ClusterWorld;
  let standing: Stolen;
  beforeAll(async () => {
    cluster = await startCluster({ services: [CART, BOOK] });
    standing = await steal(cluster, PATCH_ROLE);
    const rules = [{ apiGroups: [""], resources: ["configmaps"], resourceNames: ["other"], verbs: ["patch"] }];
    await cluster.must("POST", `${RBAC}/namespaces/${NAMESPACE}/roles`, { metadata: { name: OTHER_ROLE }, rules });
  });
  afterAll(() => cluster?.cleanup());

  const asThief = (
    method: string,
    path: string,
    body?: unknown,
    type?: string,
    headers?: Readonly<Record<string, string>>,
  ) => cluster.call(cluster.brokerToken, method, path, body, type, headers);

  /** Everything that an escalation could leave behind. */
  async function traces() {
    const lists = [
      `${RBAC}/rolebindings`,
      `${RBAC}/clusterrolebindings`,
      `${RBAC}/roles`,
      "/api/v1/serviceaccounts",
      "/api/v1/secrets",
      "/api/v1/pods",
      "/api/v1/configmaps",
      "/api/v1/resourcequotas",
      "/apis/apps/v1/deployments",
      "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
      "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
      "/apis/seb.dev/v1/guardexceptions",
    ];
    const found = await Promise.all(lists.map((path) => cluster.must("GET", path)));
    return found.map((list) =>
      listAt(list, "items").map((one) => [at(one, "metadata", "name"), at(one, "metadata", "resourceVersion")]),
    );
  }

  /** For this cluster: its Role, and the identity that stands. */
  const here = (text: string) => text.replaceAll(PROVISIONED_ROLE, PATCH_ROLE).replaceAll("STANDING", standing.name);

  it.each(TRIED.map((tried) => [tried.title, tried] as const))("is refused: %s", async (_title, tried) => {
    const before = await traces();
    const body = tried.body === undefined ? undefined : JSON.parse(here(JSON.stringify(tried.body)));
    const answer = await asThief(tried.method, here(tried.path), body, tried.type, tried.headers);
    expect(answer.status).toBe(403);
    expect(tried.by.split("|")).toContain(refusedBy(answer));
    expect(await traces()).toEqual(before);
  });

  it("is tried in at least 25 ways, against authorization and against the policies", () => {
    const byPolicy = TRIED.filter(({ by }) => by !== "rbac");
    expect(byPolicy.length).toBeGreaterThanOrEqual(20);
    expect(TRIED.length - byPolicy.length).toBeGreaterThanOrEqual(20);
  });

  /** What stays open, by the words of LIMITS.md; each shows that it is open, and then what bounds it. */
  const OPEN: Readonly<Record<string, () => Promise<void>>> = {
    "write a declared field without a certificate, under a marker that no record knows": async () => {
      const path = pathsOf(CART).deployment;
      const stolen = await steal(cluster, PATCH_ROLE);
      await untilBound(stolen, path);
      const scale = { op: "replace", path: "/spec/replicas", value: 9 };
      const container = "/spec/template/spec/containers/0";
      for (const step of [
        { op: "replace", path: `${container}/image`, value: imageOf("evil", "b") },
        { op: "add", path: `${container}/command`, value: ["sh"] },
      ])
        expect(refusedBy(await stolen.patch(path, [step, marking(stolen.certId)]))).toBe(WRITES);
      expect(refusedBy(await stolen.patch(path, [scale, marking(standing.certId)]))).toBe(WRITES);
      expect((await stolen.patch(path, [scale, marking(stolen.certId)])).status).toBe(200);
      // One write per identity, of that one object.
      expect(refusedBy(await stolen.patch(path, [{ ...scale, value: 10 }, marking(stolen.certId)]))).toBe(WRITES);
      expect(refusedBy(await stolen.patch(pathsOf(BOOK).deployment, [scale, marking(stolen.certId)]))).toBe("rbac");
      // No record of ours knows it, which is how it is found.
      const known = cluster.world.ledger
        .of("broker")
        .filter((record) => JSON.stringify(record).includes(stolen.certId));
      expect(known).toEqual([]);
    },
    "leave a binding standing": async () => {
      expect((await asThief("GET", bindingPath(standing.name))).status).toBe(200);
      const { exp, iat } = payloadOf(standing.token);
      expect(Number(exp) - Number(iat)).toBeLessThanOrEqual(600);
      expect((await asThief("GET", `${accountsPath}/${standing.name}`)).status).toBe(200);
      const gone = await sweep(standing.name);
      expect(gone.bindings).toContain(`${NAMESPACE}/${standing.name}`);
      expect(gone.accounts).toContain(standing.name);
      expect((await asThief("GET", bindingPath(standing.name))).status).toBe(404);
    },
    "take back other executions' identities": async () => {
      const path = pathsOf(BOOK).deployment;
      const before = await stateOf(cluster, path);
      cluster.tap.before = async (call) => {
        if (call.method !== "PATCH" || call.path !== path) return;
        cluster.tap.before = undefined;
        const name = String(payloadOf(call.token).sub).split(":").at(-1) ?? "";
        expect((await asThief("DELETE", bindingPath(name))).status).toBe(200);
        const refused = async () =>
          (await cluster.call(call.token, "PATCH", path, [], "application/json-patch+json")).status;
        while (![401, 403].includes(await refused()));
      };
      const { status, body } = await cluster.carryOut(CHANGES.scale(BOOK, 8));
      expect([status, body.state]).not.toEqual([200, "executed"]);
      expect(await stateOf(cluster, path)).toBe(before);
    },
    "read the certified objects, with the environment of their containers": async () => {
      for (const path of Object.values(pathsOf(CART))) expect((await asThief("GET", path)).status).toBe(200);
      for (const path of [`/api/v1/namespaces/${NAMESPACE}/secrets`, `/api/v1/namespaces/${NAMESPACE}/configmaps`])
        expect(refusedBy(await asThief("GET", path))).toBe("rbac");
    },
    "make accounts": async () => {
      await cluster.recount();
      const statuses: number[] = [];
      let last = "";
      for (let made = 0; made <= MOST_ACCOUNTS; made += 1) {
        const letters = made.toString(26).replace(/[0-9]/g, (digit) => "qrstuvwxyz"[Number(digit)] ?? "a");
        const name = `seb-c-${letters.padStart(26, "a")}`;
        const body = { metadata: { name }, automountServiceAccountToken: false };
        const answer = await asThief("POST", accountsPath, body);
        statuses.push(answer.status);
        if (answer.status !== 201) break;
        last = name;
      }
      expect(statuses.at(-1)).toBe(403);
      expect(statuses.length).toBeGreaterThan(50);
      expect(statuses.length).toBeLessThanOrEqual(MOST_ACCOUNTS + 1);
      // Once it is full, no execution starts; the janitor frees it.
      const change = CHANGES.level(BOOK, "debug");
      expect((await cluster.carryOut(change)).body.state).not.toBe("executed");
      await sweep(last);
      await cluster.recount();
      expect((await cluster.carryOut(change)).body).toMatchObject({ state: "executed" });
    },
    "delete a certified object for whose kind and name the catalogue has a deletion": async () => {
      const path = pathsOf(CART).job;
      const stolen = await steal(cluster, DELETE_ROLE);
      const uid = at(await cluster.must("GET", path), "metadata", "uid");
      const drop = (body: object) =>
        cluster.call(stolen.token, "DELETE", path, { apiVersion: "v1", kind: "DeleteOptions", ...body });
      const policy = "seb-execution-writes-jobs.batch";
      const refused = async (body: object) => {
        // RBAC answers until the binding counts.
        for (;;) {
          const by = refusedBy(await drop(body));
          if (by !== "rbac") return by;
        }
      };
      expect(await refused({})).toBe(policy);
      expect(await refused({ preconditions: { uid }, propagationPolicy: "Orphan" })).toBe(policy);
      const other = await cluster.call(stolen.token, "DELETE", pathsOf(BOOK).job);
      expect(refusedBy(other)).toBe("rbac");
      expect((await drop({ preconditions: { uid }, propagationPolicy: "Background" })).status).toBe(200);
      await cluster.must("POST", path.slice(0, path.lastIndexOf("/")), objectsOf(CART)[path]);
    },
  };

  /** The janitor, with an identity of its own, until it has taken this account away. Ages are whole seconds of the server's clock. */
  async function sweep(name: string): Promise<{ readonly bindings: string[]; readonly accounts: string[] }> {
    const token = join(cluster.world.folder, "janitor-token");
    const target = {
      connector: "kubernetes",
      server: cluster.kube.url,
      ca_file: cluster.kube.caFile,
      token_file: token,
      executions_namespace: EXECUTIONS,
    };
    writeFileSync(token, await cluster.tokenOf(SYSTEM, "janitor"), { mode: 0o600 });
    const swept = { bindings: [] as string[], accounts: [] as string[] };
    await until(
      "the janitor sweeps",
      async () => {
        const ran = await runCommand({
          command: process.execPath,
          args: [SWEEP_MAIN, JSON.stringify(target), NAMESPACE, "0"],
          env: { PATH: process.env.PATH, SEB_ROOT: ROOT },
          timeoutMs: 60_000,
        });
        if (ran.code !== 0) throw new Error(`sweep: ${ran.stderr}`);
        const { bindings, accounts } = JSON.parse(ran.stdout);
        swept.bindings.push(...bindings);
        swept.accounts.push(...accounts);
        return swept.accounts.includes(name);
      },
      60_000,
    );
    return swept;
  }

  it.each(Object.entries(OPEN))("can, within its bounds: %s", async (_title, show) => {
    await show();
  });

  it("LIMITS.md lists exactly what was found open here", () => {
    expect([...openByLimits()].sort()).toEqual(Object.keys(OPEN).sort());
  });
});

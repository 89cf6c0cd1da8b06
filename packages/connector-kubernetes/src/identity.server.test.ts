import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { MARKER } from "@seb/connector-kubernetes-language";
import { leftOut, type RunningKube, startKube } from "@seb/testkit";
import { deployment, deploymentPath, IMAGE, NEW_IMAGE } from "../test/change.js";
import { type Minted, minter } from "../test/minted.js";
import { CHANGES, configMap, type Secured, SHOP, secure, TOKENS } from "../test/secured.js";

const suite = (await leftOut(["etcd", "kube-apiserver"])) === undefined ? describe : describe.skip;
const JSON_PATCH = "application/json-patch+json";
const MERGE = "application/merge-patch+json";
const path = deploymentPath(SHOP);
const pod = "/spec/template/spec";
const app = `${pod}/containers/1`;

suite("a minted identity", () => {
  let kube: RunningKube;
  let secured: Secured;
  let mints: ReturnType<typeof minter>;
  beforeAll(async () => {
    kube = await startKube({ audit: false, tokens: TOKENS });
    secured = await secure(kube);
    mints = minter(secured);
    await secured.cluster.must("POST", path.replace("/checkout", ""), deployment("other"));
    await secured.cluster.namespace("elsewhere");
    await secured.cluster.must("POST", deploymentPath("elsewhere").replace("/checkout", ""), deployment());
    await secured.cluster.must("PATCH", path, { metadata: { annotations: { kept: "yes" } } }, MERGE);
  }, 15 * 60_000);
  afterAll(async () => {
    mints?.close();
    secured?.cluster.close();
    await kube?.dispose();
  });

  const marker = (certId: string) => ({ op: "add", path: "/metadata/annotations/seb.dev~1certificate", value: certId });
  const as = ({ token }: Minted, method: string, at: string, body?: unknown, type?: string) =>
    secured.cluster.call(token, method, at, body, type);

  /** Waits for the binding to count, by a request that RBAC lets through and nothing carries out. */
  async function bound(minted: Minted): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1) {
      const test = [{ op: "test", path: "/metadata/uid", value: "none" }];
      if ((await as(minted, "PATCH", path, test, JSON_PATCH)).status === 422) return;
    }
    throw new Error("never bound");
  }

  it("changes the declared fields, once", async () => {
    const minted = await mints.mint(CHANGES.scale);
    await bound(minted);
    const scale = [{ op: "replace", path: "/spec/replicas", value: 4 }, marker(minted.certId)];
    expect((await as(minted, "PATCH", path, scale, JSON_PATCH)).status).toBe(200);
    const again = [{ op: "replace", path: "/spec/replicas", value: 6 }];
    expect((await as(minted, "PATCH", path, [...again, marker(minted.certId)], JSON_PATCH)).status).toBe(403);
    expect((await as(minted, "PATCH", path, again, JSON_PATCH)).status).toBe(403);
    await minted.recall();
  });

  it("reaches nothing but its one object, by its one verb", async () => {
    const minted = await mints.mint(CHANGES.scale);
    await bound(minted);
    const patch = { spec: { replicas: 9 } };
    const everything: readonly (readonly [string, string, unknown?, string?])[] = [
      ["PATCH", deploymentPath(SHOP, "other"), patch, MERGE],
      ["PATCH", deploymentPath("elsewhere"), patch, MERGE],
      ["PATCH", `${path}/scale`, patch, MERGE],
      ["PATCH", `${path}/status`, { status: { replicas: 9 } }, MERGE],
      ["PUT", path, deployment()],
      ["DELETE", path],
      ["DELETE", path.replace("/checkout", "")],
      ["POST", path.replace("/checkout", ""), deployment("new")],
      ["GET", path],
      ["GET", path.replace("/checkout", "")],
      ["GET", `/api/v1/namespaces/${SHOP}/secrets`],
      ["GET", "/api/v1/secrets"],
      ["PATCH", `/api/v1/namespaces/${SHOP}/configmaps/settings`, { data: { LOG_LEVEL: "x" } }, MERGE],
      ["DELETE", `/api/v1/namespaces/${SHOP}/configmaps/leftover`],
      ["POST", `/api/v1/namespaces/${SHOP}/configmaps`, configMap("new")],
      ["PATCH", `/api/v1/namespaces/${SHOP}`, { metadata: { labels: { a: "b" } } }, MERGE],
      ["POST", `/api/v1/namespaces/${SHOP}/pods`, { apiVersion: "v1", kind: "Pod", metadata: { name: "p" } }],
      [
        "POST",
        `/api/v1/namespaces/seb-executions/serviceaccounts/${minted.name}/token`,
        { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
      ],
      ["DELETE", `/apis/rbac.authorization.k8s.io/v1/namespaces/${SHOP}/rolebindings/${minted.name}`],
      ["GET", `/apis/rbac.authorization.k8s.io/v1/namespaces/${SHOP}/roles`],
      ["GET", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"],
    ];
    const statuses = await Promise.all(
      everything.map(async ([method, at, body, type]) => [
        method,
        at,
        (await as(minted, method, at, body, type)).status,
      ]),
    );
    expect(statuses.filter(([, , status]) => status !== 403)).toEqual([]);
    await minted.recall();
  });

  it.each<[string, readonly object[]]>([
    [
      "an image of another repository",
      [{ op: "replace", path: `${app}/image`, value: "evil.example/checkout@sha256:0" }],
    ],
    ["the image of another container", [{ op: "replace", path: `${pod}/containers/0/image`, value: NEW_IMAGE }]],
    ["a container more", [{ op: "add", path: `${pod}/containers/-`, value: { name: "x", image: NEW_IMAGE } }]],
    ["a container less", [{ op: "remove", path: `${pod}/containers/0` }]],
    ["an init container", [{ op: "add", path: `${pod}/initContainers`, value: [{ name: "x", image: NEW_IMAGE }] }]],
    ["a command", [{ op: "add", path: `${app}/command`, value: ["sh"] }]],
    ["the environment", [{ op: "replace", path: `${app}/env/0/value`, value: "x" }]],
    ["the root user", [{ op: "add", path: `${app}/securityContext`, value: { runAsUser: 0 } }]],
    ["another account for the pods", [{ op: "add", path: `${pod}/serviceAccountName`, value: "admin" }]],
    [
      "a Secret's volume",
      [{ op: "add", path: `${pod}/volumes`, value: [{ name: "s", secret: { secretName: "db" } }] }],
    ],
    ["the host's network", [{ op: "add", path: `${pod}/hostNetwork`, value: true }]],
    ["the strategy", [{ op: "replace", path: "/spec/strategy", value: { type: "Recreate" } }]],
    ["pausing", [{ op: "add", path: "/spec/paused", value: true }]],
    ["the pods' labels", [{ op: "add", path: "/spec/template/metadata/labels/x", value: "y" }]],
    ["another annotation of the pods", [{ op: "add", path: "/spec/template/metadata/annotations", value: { x: "y" } }]],
    ["a label", [{ op: "add", path: "/metadata/labels", value: { x: "y" } }]],
    ["another annotation", [{ op: "add", path: "/metadata/annotations/x", value: "y" }]],
    ["an annotation less", [{ op: "remove", path: "/metadata/annotations/kept" }]],
    ["a finalizer", [{ op: "add", path: "/metadata/finalizers", value: ["example.com/x"] }]],
    [
      "an owner",
      [
        {
          op: "add",
          path: "/metadata/ownerReferences",
          value: [{ apiVersion: "v1", kind: "Pod", name: "x", uid: "x" }],
        },
      ],
    ],
  ])("does not bring %s along", async (_title, steps) => {
    const minted = await mints.mint(CHANGES.deploy);
    await bound(minted);
    const answer = await as(minted, "PATCH", path, [...steps, marker(minted.certId)], JSON_PATCH);
    expect([answer.status, JSON.stringify(answer.body).includes("seb-execution-writes")]).toEqual([403, true]);
    await minted.recall();
  });

  it.each([
    ["none", []],
    ["another certificate's", [marker(`c_${"a".repeat(26)}`)]],
    ["nonsense", [marker("x")]],
  ])("cannot write with %s as its marker", async (_title, markers) => {
    const minted = await mints.mint(CHANGES.deploy);
    await bound(minted);
    const steps = [{ op: "replace", path: `${app}/image`, value: `${IMAGE}${"c".repeat(64)}` }, ...markers];
    expect((await as(minted, "PATCH", path, steps, JSON_PATCH)).status).toBe(403);
    await minted.recall();
  });

  it("deletes only the object that was certified, in the background", async () => {
    const minted = await mints.mint(CHANGES.drop);
    const leftover = `/api/v1/namespaces/${SHOP}/configmaps/leftover`;
    const options = (more: object) => ({ apiVersion: "v1", kind: "DeleteOptions", ...more });
    const uid = JSON.parse(JSON.stringify(await secured.cluster.must("GET", leftover))).metadata.uid;
    await new Promise((resolve) => setTimeout(resolve, 100));
    const attempts = [
      options({}),
      options({ preconditions: { uid } }),
      options({ preconditions: { uid }, propagationPolicy: "Orphan" }),
    ];
    for (const body of attempts) {
      const answer = await as(minted, "DELETE", leftover, body);
      expect(answer.status).toBe(403);
    }
    expect(
      (await as(minted, "DELETE", leftover, options({ preconditions: { uid }, propagationPolicy: "Background" })))
        .status,
    ).toBe(200);
    await minted.recall();
  });

  it("does nothing any more from the moment it is recalled", async () => {
    const lateMs: number[] = [];
    const scale = (minted: Minted) => [{ op: "replace", path: "/spec/replicas", value: 2 }, marker(minted.certId)];
    for (let round = 0; round < 20; round += 1) {
      const minted = await mints.mint(CHANGES.scale);
      await bound(minted);
      await minted.recall();
      const from = performance.now();
      let through = 0;
      while (![401, 403].includes((await as(minted, "PATCH", path, scale(minted), JSON_PATCH)).status))
        through = performance.now() - from;
      lateMs.push(through);
    }
    const worst = Math.max(...lateMs);
    process.stderr.write(
      `recall: worst ${worst.toFixed(1)} ms after its answer, late in ${lateMs.filter((ms) => ms > 0).length} of ${lateMs.length}\n`,
    );
    expect(worst).toBeLessThan(1000);
  });

  it("is not the broker: the broker itself cannot write at all", async () => {
    const { cluster, brokerToken } = secured;
    const call = (method: string, at: string, body?: unknown, type?: string) =>
      cluster.call(brokerToken, method, at, body, type);
    const settings = `/api/v1/namespaces/${SHOP}/configmaps/settings`;
    const statuses: number[] = [];
    for (const [at, object] of [
      [path, deployment()],
      [settings, configMap("settings")],
    ] as const) {
      const collection = at.slice(0, at.lastIndexOf("/"));
      for (const type of [MERGE, "application/strategic-merge-patch+json"])
        statuses.push((await call("PATCH", at, { metadata: { labels: { a: "b" } } }, type)).status);
      statuses.push((await call("PATCH", at, [], JSON_PATCH)).status);
      statuses.push(
        (await call("PATCH", `${at}?fieldManager=x&force=true`, object, "application/apply-patch+yaml")).status,
      );
      statuses.push((await call("PUT", at, object)).status);
      statuses.push((await call("DELETE", at)).status);
      statuses.push((await call("DELETE", collection)).status);
      statuses.push((await call("POST", collection, object)).status);
    }
    for (const sub of ["scale", "status"]) {
      statuses.push((await call("PATCH", `${path}/${sub}`, {}, MERGE)).status);
      statuses.push((await call("PUT", `${path}/${sub}`, {})).status);
    }
    expect(statuses.filter((status) => status !== 403)).toEqual([]);
    expect(MARKER).toBe("seb.dev/certificate");
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { MARKER } from "@seb/connector-kubernetes-language";
import { leftOut, type RunningKube, startKube } from "@seb/testkit";
import { carryOut, connect, deployment, deploymentPath, NEW_IMAGE } from "../test/change.js";
import {
  AGENT,
  ARGO,
  CHANGES,
  configMap,
  INSTALLER,
  NOW,
  type Secured,
  SHOP,
  secure,
  TOKENS,
  until,
} from "../test/secured.js";
import { items, textAt, valueAt } from "./json.js";
import { readProtect } from "./render/index.js";

const suite = (await leftOut(["etcd", "kube-apiserver"])) === undefined ? describe : describe.skip;
const MERGE = "application/merge-patch+json";
const JSON_PATCH = "application/json-patch+json";
const STRATEGIC = "application/strategic-merge-patch+json";
const APPLY = "application/apply-patch+yaml";
const DAY = 86_400_000;
const day = (days: number) => new Date(NOW + days * DAY).toISOString().slice(0, 10);
const RBAC = "/apis/rbac.authorization.k8s.io/v1";

const read = readProtect({
  ver: 1,
  protect: [
    {
      name: "deployments",
      api_version: "apps/v1",
      resource: "deployments",
      namespaces: [SHOP],
      level: "declared",
      mode: "deny",
      allow: [
        { principal: "argocd", reason: "syncs the rest of the application", expires: day(30) },
        { principal: "agent-oncall", reason: "has ended", expires: day(-1) },
      ],
    },
    {
      name: "settings",
      api_version: "v1",
      resource: "configmaps",
      namespaces: [SHOP],
      names: ["settings"],
      level: "strict",
      mode: "deny",
      allow: [{ principal: "group:tools", reason: "writes settings", expires: day(1) }],
    },
    {
      name: "watched",
      api_version: "v1",
      resource: "configmaps",
      namespaces: [SHOP],
      names: ["other"],
      fields: ["/data/LOG_LEVEL"],
      level: "declared",
      mode: "audit",
      allow: [],
    },
    {
      name: "strict-deployments",
      api_version: "apps/v1",
      resource: "deployments",
      namespaces: ["vault"],
      names: ["*"],
      level: "strict",
      mode: "deny",
      allow: [],
    },
  ],
});
if (!read.ok) throw new Error(read.error.detail);
const protect = read.value;

suite("what is protected", () => {
  let kube: RunningKube;
  let secured: Secured;
  let agent = "";
  beforeAll(async () => {
    kube = await startKube({ audit: false, tokens: TOKENS });
    secured = await secure(kube, protect);
    const { cluster } = secured;
    // An agent's own account with every right that a namespace can give, and people with as many.
    await cluster.namespace("vault");
    agent = await cluster.tokenOf("default", "agent");
    for (const namespace of [SHOP, "vault"]) {
      await cluster.must("POST", `${RBAC}/namespaces/${namespace}/roles`, {
        metadata: { name: "everything" },
        rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
      });
      await cluster.must("POST", `${RBAC}/namespaces/${namespace}/rolebindings`, {
        metadata: { name: "everything" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "everything" },
        subjects: [
          { kind: "ServiceAccount", namespace: "default", name: "agent" },
          ...["agent-oncall", "argocd"].map((name) => ({ kind: "User", apiGroup: "rbac.authorization.k8s.io", name })),
        ],
      });
    }
  }, 15 * 60_000);
  afterAll(async () => {
    secured?.cluster.close();
    await kube?.dispose();
  });

  const path = deploymentPath(SHOP);
  const collection = path.replace("/checkout", "");
  const settings = `/api/v1/namespaces/${SHOP}/configmaps/settings`;
  /** What is certified, and the marker: some servers let it through with a status. */
  const spec = async () => {
    const now = await secured.cluster.must("GET", path);
    return [valueAt(now, "spec"), textAt(now, "metadata", "annotations", MARKER)];
  };
  const scale = { spec: { replicas: 8 } };
  const containers = [{ name: "app", image: NEW_IMAGE }];
  const image = { spec: { template: { spec: { containers } } } };
  let before: unknown;
  beforeEach(async () => {
    before = await spec();
  });

  /** A request for each way in which a verb of discovery can change what is certified. */
  async function attempts(
    verb: string,
    resource: string,
  ): Promise<readonly (readonly [string, string, unknown?, string?])[]> {
    const at = resource === "deployments" ? path : `${path}/${resource.split("/")[1]}`;
    const now = JSON.parse(JSON.stringify(await secured.cluster.must("GET", at)));
    const changed = { ...now, spec: { ...now.spec, replicas: 8 } };
    const { managedFields: _, ...metadata } = now.metadata;
    const apply = { apiVersion: now.apiVersion, kind: now.kind, metadata: { name: "checkout" }, spec: { replicas: 8 } };
    const marker = { metadata: { annotations: { "seb.dev/certificate": `c_${"a".repeat(26)}` } } };
    const replace = [{ op: "replace", path: "/spec/replicas", value: 8 }];
    if (verb === "update")
      return [
        ["PUT", at, changed],
        ["PUT", at, { ...changed, metadata: { ...metadata, resourceVersion: undefined } }],
      ];
    if (verb === "patch")
      return [
        ["PATCH", at, scale, MERGE],
        ["PATCH", at, scale, STRATEGIC],
        ["PATCH", at, replace, JSON_PATCH],
        ["PATCH", `${at}?fieldManager=agent&force=true`, apply, APPLY],
        // A scale has neither image nor annotations: what it does not know is dropped.
        ...(resource.endsWith("/scale")
          ? []
          : ([
              ["PATCH", at, image, STRATEGIC],
              ["PATCH", at, marker, MERGE],
            ] as const)),
      ];
    if (verb === "create")
      return [
        ["POST", collection, deployment()],
        ["PATCH", `${collection}/fresh?fieldManager=agent`, apply, APPLY],
      ];
    if (verb === "delete")
      return [
        ["DELETE", at],
        ["DELETE", `${at}?propagationPolicy=Orphan`],
      ];
    return verb === "deletecollection"
      ? [
          ["DELETE", collection],
          ["DELETE", `${collection}?fieldSelector=metadata.name%3Dcheckout`],
        ]
      : [];
  }

  it.each([
    ["an agent's own account", () => agent],
    ["an agent whose exception has ended", () => AGENT],
    ["a member of system:masters", () => kube.adminToken],
  ])("is not changed by %s, by any verb and subresource that discovery lists", async (_title, token) => {
    const discovered = items(valueAt(await secured.cluster.must("GET", "/apis/apps/v1"), "resources"));
    const tried: string[] = [];
    for (const resource of discovered) {
      const name = textAt(resource, "name") ?? "";
      if (name !== "deployments" && !name.startsWith("deployments/")) continue;
      for (const verb of items(valueAt(resource, "verbs"))) {
        if (typeof verb !== "string" || ["get", "list", "watch"].includes(verb)) continue;
        const made = await attempts(verb, name);
        expect(made.length).toBeGreaterThan(0);
        for (const [method, at, body, type] of made) {
          const answer = await secured.cluster.call(token(), method, at, body, type);
          tried.push(`${verb} ${name} ${answer.status}`);
          // A status may be written by who has the right to; the spec beside it is not looked at. New names are nobody's.
          if (name !== "deployments/status" && !at.includes("/fresh"))
            expect([verb, name, type, answer.status]).not.toEqual([verb, name, type, 200]);
          expect(await spec()).toEqual(before);
        }
      }
    }
    expect(tried.length).toBeGreaterThan(15);
  });

  it("is changed by an execution", async () => {
    const connector = connect(secured.cluster, secured.brokerToken);
    expect(await carryOut(connector, CHANGES.deploy)).toMatchObject({ state: "executed" });
    await connector.close();
  });

  it("is not changed by whoever impersonates an execution", async () => {
    const as = {
      "impersonate-user": `system:serviceaccount:seb-executions:seb-c-${"a".repeat(26)}`,
      "impersonate-group": "system:masters",
    };
    const answer = await secured.cluster.call(INSTALLER, "PATCH", path, scale, MERGE, as);
    expect(answer.status).toBe(403);
  });

  it("leaves other fields, other objects and status to those with the right", async () => {
    const allowed = [
      await secured.cluster.call(agent, "PATCH", path, { metadata: { labels: { team: "shop" } } }, MERGE),
      await secured.cluster.call(agent, "PATCH", path, { spec: { minReadySeconds: 1 } }, MERGE),
      await secured.cluster.call(agent, "PATCH", `${path}/status`, { status: { observedGeneration: 3 } }, MERGE),
      await secured.cluster.call(agent, "POST", collection, deployment("mine")),
      await secured.cluster.call(agent, "PATCH", deploymentPath(SHOP, "mine"), scale, MERGE),
      await secured.cluster.call(agent, "DELETE", deploymentPath(SHOP, "mine")),
    ];
    expect(allowed.map(({ status }) => status)).toEqual([200, 200, 200, 201, 200, 200]);
  });

  it("is changed by who is excepted, by name or by group, until the exception is taken out", async () => {
    expect((await secured.cluster.call(ARGO, "PATCH", path, { spec: { replicas: 3 } }, MERGE)).status).toBe(200);
    expect((await secured.cluster.call(ARGO, "PATCH", settings, { data: { LOG_LEVEL: "warn" } }, MERGE)).status).toBe(
      200,
    );
    const exceptions = "/apis/seb.dev/v1/guardexceptions/deployments";
    await secured.must("PATCH", exceptions, { spec: { allow: [] } }, MERGE);
    let replicas = 20;
    await until(async () => {
      replicas += 1;
      return (await secured.cluster.call(ARGO, "PATCH", path, { spec: { replicas } }, MERGE)).status === 403;
    });
  });

  it("is everything, where it is strict", async () => {
    const refused = [
      await secured.cluster.call(agent, "PATCH", settings, { data: { another: "key" } }, MERGE),
      await secured.cluster.call(agent, "PATCH", settings, { binaryData: { another: "aGk=" } }, MERGE),
      await secured.cluster.call(agent, "PATCH", settings, { immutable: true }, MERGE),
      await secured.cluster.call(agent, "DELETE", settings),
      await secured.cluster.call(agent, "POST", deploymentPath("vault").replace("/checkout", ""), deployment()),
      await secured.cluster.call(agent, "POST", "/api/v1/namespaces/vault/pods", {
        metadata: { name: "p" },
        spec: { containers: [{ name: "a", image: "a" }] },
      }),
    ];
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 403));
    expect(
      (await secured.cluster.call(agent, "PATCH", settings, { metadata: { labels: { a: "b" } } }, MERGE)).status,
    ).toBe(200);
  });

  it("is only warned of, where it is audited", async () => {
    const other = `/api/v1/namespaces/${SHOP}/configmaps/other`;
    expect((await secured.cluster.call(agent, "PATCH", other, { data: { LOG_LEVEL: "trace" } }, MERGE)).status).toBe(
      200,
    );
    expect((await secured.cluster.call(agent, "PUT", other, configMap("other"))).status).toBe(200);
  });

  it("stays as it is: exceptions and guarded namespaces are the installers' alone", async () => {
    const exceptions = "/apis/seb.dev/v1/guardexceptions";
    const admin = kube.adminToken;
    const more = { spec: { allow: [{ principal: "agent-oncall", reason: "x", expires: "2099-01-01" }] } };
    const refused = [
      await secured.cluster.call(admin, "PATCH", `${exceptions}/settings`, more, MERGE),
      await secured.cluster.call(admin, "DELETE", `${exceptions}/settings`),
      await secured.cluster.call(
        admin,
        "DELETE",
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/guardexceptions.seb.dev",
      ),
      await secured.cluster.call(admin, "DELETE", `/api/v1/namespaces/${SHOP}`),
      await secured.cluster.call(secured.janitorToken, "PUT", `${exceptions}/settings`, {
        ...JSON.parse(JSON.stringify(await secured.cluster.must("GET", `${exceptions}/settings`))),
        ...more,
      }),
    ];
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 403));
  });
});

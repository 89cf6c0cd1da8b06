import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { leftOut, type RunningKube, startKube } from "@seb/testkit";
import { escalations, OTHER_ROLE } from "@seb/testkit/escalations";
import { deploymentPath } from "../test/change.js";
import { type Minted, minter } from "../test/minted.js";
import { CHANGES, type Secured, SHOP, secure, TOKENS, until } from "../test/secured.js";
import { items, textAt, valueAt } from "./json.js";

const suite = (await leftOut(["etcd", "kube-apiserver"])) === undefined ? describe : describe.skip;
const JSON_PATCH = "application/json-patch+json";
const STANDING = `seb-c-${"z".repeat(26)}`;
const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const EXECUTIONS = "/api/v1/namespaces/seb-executions";

suite("a stolen broker identity", () => {
  let kube: RunningKube;
  let secured: Secured;
  let mints: ReturnType<typeof minter>;
  let standing: Minted;
  beforeAll(async () => {
    kube = await startKube({ audit: false, tokens: TOKENS });
    secured = await secure(kube);
    mints = minter(secured);
    standing = await mints.mint(CHANGES.scale);
    const rules = [{ apiGroups: [""], resources: ["configmaps"], resourceNames: ["other"], verbs: ["patch"] }];
    await secured.must("POST", `${RBAC}/namespaces/${SHOP}/roles`, { metadata: { name: OTHER_ROLE }, rules });
  }, 15 * 60_000);
  afterAll(async () => {
    mints?.close();
    secured?.cluster.close();
    await kube?.dispose();
  });

  const names = async () => {
    const lists = [
      `${RBAC}/rolebindings`,
      `${RBAC}/clusterrolebindings`,
      `${RBAC}/namespaces/${SHOP}/roles`,
      "/api/v1/serviceaccounts",
      "/api/v1/secrets",
      "/api/v1/pods",
    ];
    const found = await Promise.all(lists.map((path) => secured.cluster.must("GET", path)));
    return found.map((list) =>
      items(valueAt(list, "items")).map((item) => [
        textAt(item, "metadata", "name"),
        textAt(item, "metadata", "resourceVersion"),
      ]),
    );
  };

  it.each(escalations(STANDING).map((escalation) => [escalation.title, escalation] as const))(
    "is refused: %s",
    async (_title, { by, method, path, body, type, headers }) => {
      const before = await names();
      const real = path.replaceAll(STANDING, standing.name);
      const asked =
        body === undefined ? undefined : JSON.parse(JSON.stringify(body).replaceAll(STANDING, standing.name));
      const answer = await secured.cluster.call(secured.brokerToken, method, real, asked, type, headers);
      expect(answer.status).toBe(403);
      const policy = /ValidatingAdmissionPolicy '([a-z0-9.-]+)'/.exec(textAt(answer.body, "message") ?? "")?.[1];
      expect(by.split("|")).toContain(policy ?? "rbac");
      expect(await names()).toEqual(before);
    },
  );

  it("is tried in more than 25 ways", () => {
    expect(escalations(STANDING).length).toBeGreaterThanOrEqual(25);
  });

  describe("can, as LIMITS.md says,", () => {
    const path = deploymentPath(SHOP);

    it("write a declared field without a certificate, under a marker that no record knows", async () => {
      const minted = await mints.mint(CHANGES.scale);
      const marker = { op: "add", path: "/metadata/annotations", value: { "seb.dev/certificate": minted.certId } };
      const steps = [{ op: "replace", path: "/spec/replicas", value: 9 }, marker];
      await until(
        async () => (await secured.cluster.call(minted.token, "PATCH", path, steps, JSON_PATCH)).status === 200,
      );
      await minted.recall();
    });

    it("leave a binding standing until the janitor comes", async () => {
      const binding = `${RBAC}/namespaces/${SHOP}/rolebindings/${standing.name}`;
      expect((await secured.cluster.admin("GET", binding)).status).toBe(200);
    });

    it("take back other executions' identities", async () => {
      const other = await mints.mint(CHANGES.scale);
      const binding = `${RBAC}/namespaces/${SHOP}/rolebindings/${other.name}`;
      expect((await secured.cluster.call(secured.brokerToken, "DELETE", binding)).status).toBe(200);
    });

    it("read the certified objects", async () => {
      expect((await secured.cluster.call(secured.brokerToken, "GET", path)).status).toBe(200);
    });

    it("make accounts, up to the quota and no further", async () => {
      const quota = `${EXECUTIONS}/resourcequotas/seb-executions`;
      const read = JSON.parse(JSON.stringify(await secured.cluster.must("GET", quota)));
      const used = Number(read.status.used["count/serviceaccounts"]);
      const hard = { ...read.status.hard, "count/serviceaccounts": String(used + 3) };
      await secured.must("PUT", quota, { ...read, spec: { hard } });
      const now = JSON.parse(JSON.stringify(await secured.cluster.must("GET", quota)));
      await secured.must("PUT", `${quota}/status`, { ...now, status: { hard, used: read.status.used } });
      const letters = [..."abcdefghij"];
      const statuses: number[] = [];
      for (const letter of letters) {
        const body = { metadata: { name: `seb-c-${letter.repeat(26)}` }, automountServiceAccountToken: false };
        statuses.push(
          (await secured.cluster.call(secured.brokerToken, "POST", `${EXECUTIONS}/serviceaccounts`, body)).status,
        );
      }
      expect(statuses.filter((status) => status === 201).length).toBeLessThanOrEqual(3);
      expect(statuses.at(-1)).toBe(403);
    });
  });

  it("and others: nobody else makes anything among the executions, or gives them rights", async () => {
    const installer = (method: string, path: string, body: unknown) => secured.cluster.admin(method, path, body);
    const token = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
    const admin = kube.adminToken;
    const asAdmin = (method: string, path: string, body: unknown) => secured.cluster.call(admin, method, path, body);
    const binding = (subject: object) => ({
      metadata: { name: "x" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
      subjects: [subject],
    });
    const execution = { kind: "ServiceAccount", namespace: "seb-executions", name: standing.name };
    const broker = { kind: "ServiceAccount", namespace: "seb-system", name: "broker" };
    const rbacGroup = { apiGroup: "rbac.authorization.k8s.io" };
    const refused = [
      await installer("POST", `${EXECUTIONS}/serviceaccounts`, { metadata: { name: "x" } }),
      await installer("POST", `${EXECUTIONS}/serviceaccounts/${standing.name}/token`, token),
      await asAdmin("POST", `${EXECUTIONS}/pods`, {
        metadata: { name: "x" },
        spec: { containers: [{ name: "x", image: "x" }] },
      }),
      await installer("POST", `${RBAC}/namespaces/${SHOP}/rolebindings`, binding(execution)),
      await installer(
        "POST",
        `${RBAC}/clusterrolebindings`,
        binding({ kind: "Group", ...rbacGroup, name: "system:serviceaccounts:seb-executions" }),
      ),
      await asAdmin("POST", `${RBAC}/namespaces/${SHOP}/rolebindings`, binding(broker)),
      await asAdmin(
        "POST",
        `${RBAC}/clusterrolebindings`,
        binding({ kind: "User", ...rbacGroup, name: "system:serviceaccount:seb-system:broker" }),
      ),
      await asAdmin("DELETE", `${RBAC}/namespaces/${SHOP}/roles/seb-x-patch-deployments.apps-checkout`, undefined),
      await installer("POST", `${RBAC}/namespaces/${SHOP}/roles`, {
        metadata: { name: "seb-x-wide" },
        rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
      }),
      await asAdmin("DELETE", `/api/v1/namespaces/${SHOP}`, undefined),
      await asAdmin("POST", "/apis/seb.dev/v1/guardexceptions", {
        apiVersion: "seb.dev/v1",
        kind: "GuardException",
        metadata: { name: "x" },
        spec: {},
      }),
    ];
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 403));
  });
});

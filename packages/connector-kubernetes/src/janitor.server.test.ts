import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { leftOut, type RunningKube, startKube } from "@seb/testkit";
import { soon } from "../test/change.js";
import { type Minted, minter } from "../test/minted.js";
import { CHANGES, type Secured, SHOP, secure, TOKENS } from "../test/secured.js";
import { createJanitor } from "./index.js";
import { valueAt } from "./json.js";
import { readProtect } from "./render/index.js";

const suite = (await leftOut(["etcd", "kube-apiserver"])) === undefined ? describe : describe.skip;
const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const MERGE = "application/merge-patch+json";
const later = "2099-01-01";

const protect = readProtect({
  ver: 1,
  protect: [
    {
      name: "deployments",
      api_version: "apps/v1",
      resource: "deployments",
      namespaces: [SHOP],
      level: "declared",
      mode: "deny",
      allow: [{ principal: "argocd", reason: "syncs", expires: later }],
    },
  ],
});

suite("the janitor", () => {
  let kube: RunningKube;
  let secured: Secured;
  let mints: ReturnType<typeof minter>;
  let orphan: Minted;
  beforeAll(async () => {
    if (!protect.ok) throw new Error(protect.error.detail);
    kube = await startKube({ audit: false, tokens: TOKENS });
    secured = await secure(kube, protect.value);
    mints = minter(secured);
    orphan = await mints.mint(CHANGES.scale);
  }, 15 * 60_000);
  afterAll(async () => {
    mints?.close();
    secured?.cluster.close();
    await kube?.dispose();
  });

  function janitor(token = secured.janitorToken) {
    const { server } = secured.cluster;
    const target = {
      connector: "kubernetes",
      server: server.url,
      ca_file: server.caFile,
      token_file: secured.cluster.file("janitor", token),
    };
    const made = createJanitor({ target, namespaces: [SHOP] });
    if (!made.ok) throw new Error(made.error.code);
    return made.value;
  }

  const statuses = async ({ name }: Minted) => {
    const binding = await secured.cluster.admin("GET", `${RBAC}/namespaces/${SHOP}/rolebindings/${name}`);
    const account = await secured.cluster.admin("GET", `/api/v1/namespaces/seb-executions/serviceaccounts/${name}`);
    return [binding.status, account.status];
  };

  it("leaves what may still be at work alone", async () => {
    const sweeping = janitor();
    expect(await sweeping.sweep({ olderThanMs: 60_000, signal: soon() })).toEqual({
      ok: true,
      value: { bindings: [], accounts: [], exceptions: [], failed: [] },
    });
    sweeping.close();
    expect(await statuses(orphan)).toEqual([200, 200]);
  });

  it("removes what a dead broker left, and nothing else", async () => {
    await new Promise((resolve) => setTimeout(resolve, 2100));
    const sweeping = janitor();
    const swept = await sweeping.sweep({ olderThanMs: 1000, signal: soon() });
    expect(swept).toEqual({
      ok: true,
      value: { bindings: [`${SHOP}/${orphan.name}`], accounts: [orphan.name], exceptions: [], failed: [] },
    });
    sweeping.close();
    expect(await statuses(orphan)).toEqual([404, 404]);
    expect((await secured.cluster.admin("GET", `${RBAC}/namespaces/${SHOP}/rolebindings/seb-broker`)).status).toBe(200);
  });

  it("takes exceptions out on their day", async () => {
    const path = "/apis/seb.dev/v1/guardexceptions/deployments";
    const allowed = (principal: string, expires: string) => ({ principal, reason: "tested", expires });
    const allow = [allowed("argocd", later), allowed("mallory", "2020-01-01")];
    await secured.must("PATCH", path, { spec: { allow } }, MERGE);
    const sweeping = janitor();
    expect(await sweeping.sweep({ olderThanMs: 60_000, signal: soon() })).toMatchObject({
      value: { exceptions: ["deployments"], failed: [] },
    });
    sweeping.close();
    expect(valueAt(await secured.cluster.must("GET", path), "spec", "allow")).toEqual([allowed("argocd", later)]);
  });

  it("has an identity of its own, which makes nothing and changes no object", async () => {
    const { cluster, janitorToken } = secured;
    const other = await mints.mint(CHANGES.scale);
    const as = (method: string, path: string, body?: unknown, type?: string) =>
      cluster.call(janitorToken, method, path, body, type);
    const accounts = "/api/v1/namespaces/seb-executions/serviceaccounts";
    const bindings = `${RBAC}/namespaces/${SHOP}/rolebindings`;
    const refused = [
      await as("POST", accounts, { metadata: { name: other.name } }),
      await as("POST", `${accounts}/${other.name}/token`, { spec: {} }),
      await as("POST", bindings, { metadata: { name: "x" } }),
      await as("DELETE", `${bindings}/seb-broker`),
      await as("DELETE", `${bindings}/${other.name}`, { propagationPolicy: "Orphan" }),
      await as("PATCH", `/apis/apps/v1/namespaces/${SHOP}/deployments/checkout`, {}, MERGE),
      await as("GET", `/api/v1/namespaces/${SHOP}/secrets`),
    ];
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 403));
    await other.recall();
  });

  it("is not the broker: with the broker's identity it cannot even look", async () => {
    const sweeping = janitor(secured.brokerToken);
    expect(await sweeping.sweep({ olderThanMs: 60_000, signal: soon() })).toMatchObject({
      ok: false,
      error: { code: "target_refused" },
    });
    sweeping.close();
  });
});

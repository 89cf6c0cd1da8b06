import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { MARKER } from "@seb/connector-kubernetes-language";
import { leftOut, type RunningKube, startKube } from "@seb/testkit";
import {
  always,
  carryOut,
  connect,
  contractOf,
  deployment,
  deploymentPath,
  NEW_IMAGE,
  newCertId,
  observed,
  opened,
  soon,
} from "../test/change.js";
import { CHANGES, configMap, type Secured, SHOP, secure, TOKENS } from "../test/secured.js";
import { textAt, valueAt } from "./json.js";

const suite = (await leftOut(["etcd", "kube-apiserver"])) === undefined ? describe : describe.skip;
const MERGE = "application/merge-patch+json";

suite("an execution on a secured cluster", () => {
  let kube: RunningKube;
  let secured: Secured;
  let connector: ReturnType<typeof connect>;
  beforeAll(async () => {
    kube = await startKube({ audit: false, tokens: TOKENS });
    secured = await secure(kube);
    connector = connect(secured.cluster, secured.brokerToken);
  }, 15 * 60_000);
  afterAll(async () => {
    await connector?.close();
    secured?.cluster.close();
    await kube?.dispose();
  });

  const path = deploymentPath(SHOP);
  const configMaps = `/api/v1/namespaces/${SHOP}/configmaps`;
  const read = (at: string) => secured.cluster.must("GET", at);
  beforeEach(async () => {
    await secured.cluster.must("DELETE", path);
    await secured.cluster.must("POST", path.replace("/checkout", ""), deployment());
  });

  it("deploys an image by digest into the named container, wherever it stands", async () => {
    expect(await carryOut(connector, CHANGES.deploy)).toMatchObject({ state: "executed", result: { object: path } });
    const after = await read(path);
    const [proxy, app] = JSON.parse(JSON.stringify(valueAt(after, "spec", "template", "spec", "containers")));
    expect([proxy.image, app.image]).toEqual(["registry.example/proxy:1", NEW_IMAGE]);
    expect(valueAt(after, "spec", "replicas")).toBe(7);
  });

  it("scales", async () => {
    expect(await carryOut(connector, CHANGES.scale)).toMatchObject({ state: "executed" });
    expect(valueAt(await read(path), "spec", "replicas")).toBe(5);
  });

  it("restarts, whether there were annotations before or not", async () => {
    const restartedAt = async () =>
      textAt(await read(path), "spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt");
    expect(await carryOut(connector, CHANGES.restart)).toMatchObject({ state: "executed" });
    expect(await restartedAt()).toBe("2026-01-01T00:00:00Z");
    expect(await carryOut(connector, CHANGES.restart)).toMatchObject({ state: "executed" });
  });

  it("sets a key of a ConfigMap and leaves the others alone", async () => {
    expect(await carryOut(connector, CHANGES.level)).toMatchObject({ state: "executed" });
    expect(valueAt(await read(`${configMaps}/settings`), "data")).toEqual({ LOG_LEVEL: "debug", keep: "yes" });
  });

  it("leaves neither account nor binding behind", async () => {
    const certId = newCertId();
    await carryOut(connector, CHANGES.scale, certId);
    const name = `seb-c-${certId.slice(2)}`;
    const account = await secured.cluster.admin("GET", `/api/v1/namespaces/seb-executions/serviceaccounts/${name}`);
    const binding = await secured.cluster.admin(
      "GET",
      `/apis/rbac.authorization.k8s.io/v1/namespaces/${SHOP}/rolebindings/${name}`,
    );
    expect([account.status, binding.status]).toEqual([404, 404]);
  });

  it("is refused when a sidecar has taken the container's place", async () => {
    const { precondition } = await observed(connector, CHANGES.deploy);
    const session = await opened(connector, CHANGES.deploy, { contract: contractOf(CHANGES.deploy, precondition) });
    const [first] = JSON.parse(JSON.stringify(valueAt(await read(path), "spec", "template", "spec", "containers")));
    const add = [{ op: "add", path: "/spec/template/spec/containers/0", value: { ...first, name: "another" } }];
    await secured.cluster.must("PATCH", path, add, "application/json-patch+json");
    expect(await session.execute(always)).toMatchObject({ state: "not_executed", code: "state_drifted" });
  });

  it("is refused when the object was deleted and made anew", async () => {
    const { precondition } = await observed(connector, CHANGES.scale);
    const session = await opened(connector, CHANGES.scale, { contract: contractOf(CHANGES.scale, precondition) });
    await secured.cluster.must("DELETE", path);
    await secured.cluster.must("POST", path.replace("/checkout", ""), deployment());
    expect(await session.execute(always)).toMatchObject({ state: "not_executed", code: "state_drifted" });
  });

  it("is refused when another certified change came between, even one that left the same values", async () => {
    const contract = contractOf(CHANGES.scale, (await observed(connector, CHANGES.scale)).precondition);
    await carryOut(connector, CHANGES.restart);
    const late = await opened(connector, CHANGES.scale, { contract });
    expect(await late.execute(always)).toMatchObject({ state: "not_executed", code: "state_drifted" });
  });

  it("writes upon an object without any annotations, and upon one that gains some on the way", async () => {
    await secured.cluster.must("PATCH", path, { metadata: { annotations: null } }, MERGE);
    const session = await opened(connector, CHANGES.scale);
    const result = await session.execute(async () => {
      await secured.cluster.must("PATCH", path, { metadata: { annotations: { seen: `${performance.now()}` } } }, MERGE);
      return true;
    });
    expect(result).toMatchObject({ state: "executed" });
    expect(textAt(await read(path), "metadata", "annotations", "seen")).toBeDefined();
  });

  it.each([
    ["labels", "argocd.argoproj.io/instance", "shop"],
    ["annotations", "argocd.argoproj.io/tracking-id", "shop:apps/Deployment:shop/checkout"],
    ["labels", "kustomize.toolkit.fluxcd.io/name", "shop"],
    ["annotations", "helm.toolkit.fluxcd.io/name", "shop"],
    ["labels", "app.kubernetes.io/managed-by", "Flux"],
  ])("is refused when %s say %s", async (map, key, value) => {
    await secured.cluster.must("PATCH", path, { metadata: { [map]: { [key]: value } } }, MERGE);
    const seen = await connector.observe({
      target: "cluster",
      operation: CHANGES.scale.template,
      live: {},
      signal: soon(),
    });
    expect(seen).toMatchObject({ ok: false, error: { code: "managed_by_gitops" } });
  });

  it.each(["argocd-controller", "kustomize-controller"])("is refused when %s writes its fields", async (manager) => {
    const labels = { "app.kubernetes.io/instance": "shop" };
    await secured.cluster.must("PATCH", `${path}?fieldManager=${manager}`, { metadata: { labels } }, MERGE);
    const seen = await connector.observe({
      target: "cluster",
      operation: CHANGES.scale.template,
      live: {},
      signal: soon(),
    });
    expect(seen).toMatchObject({ ok: false, error: { code: "managed_by_gitops" } });
  });

  it("goes on when Helm alone manages the object", async () => {
    await secured.cluster.must(
      "PATCH",
      path,
      { metadata: { labels: { "app.kubernetes.io/managed-by": "Helm" } } },
      MERGE,
    );
    expect(await carryOut(connector, CHANGES.scale)).toMatchObject({ state: "executed" });
  });

  describe("that deletes", () => {
    const leftover = `${configMaps}/leftover`;
    beforeEach(async () => {
      await secured.cluster.admin("DELETE", leftover);
      await secured.cluster.must("POST", configMaps, configMap("leftover"));
    });

    it("deletes the certified object, once", async () => {
      const session = await opened(connector, CHANGES.drop);
      const first = await session.execute(always);
      expect(first).toMatchObject({ state: "executed", result: { object: leftover } });
      expect((await secured.cluster.admin("GET", leftover)).status).toBe(404);
      expect(await session.execute(always)).toEqual(first);
    });

    it("does not delete what drifted, nor what took its name", async () => {
      const drifting = await opened(connector, CHANGES.drop);
      await secured.cluster.must("PATCH", leftover, { data: { keep: "no" } }, MERGE);
      expect(await drifting.execute(always)).toMatchObject({ code: "state_drifted" });
      const replaced = await opened(connector, CHANGES.drop);
      await secured.cluster.must("DELETE", leftover);
      await secured.cluster.must("POST", configMaps, configMap("leftover"));
      expect(await replaced.execute(always)).toMatchObject({ code: "state_drifted" });
      expect((await secured.cluster.admin("GET", leftover)).status).toBe(200);
    });

    it("compares and deletes the same version when something changes after the last check", async () => {
      const session = await opened(connector, CHANGES.drop);
      let guards = 0;
      const result = await session.execute(async () => {
        guards += 1;
        if (guards === 1) await secured.cluster.must("PATCH", leftover, { data: { keep: "no" } }, MERGE);
        return true;
      });
      expect(result).toMatchObject({ state: "not_executed", code: "state_drifted" });
    });

    it("cannot tell by a missing object who deleted it, unless the state is what counts", async () => {
      const certId = newCertId();
      const contract = contractOf(CHANGES.drop, (await observed(connector, CHANGES.drop)).precondition);
      const session = await opened(connector, CHANGES.drop, { certId, contract });
      const result = await session.execute(always);
      expect(await connector.fence(certId, contract, soon())).toMatchObject({ ok: true });
      expect(await connector.reconcile(certId, contract, soon())).toMatchObject({ value: { state: "cannot_tell" } });
      const byState = { ...contract, reconcile: "state" } as const;
      expect(await connector.reconcile(certId, byState, soon())).toEqual({ ok: true, value: result });
    });

    it("is known not to have happened when the object stands behind a fence", async () => {
      const certId = newCertId();
      const contract = contractOf(CHANGES.drop, (await observed(connector, CHANGES.drop)).precondition);
      await opened(connector, CHANGES.drop, { certId, contract });
      expect(await connector.fence(certId, contract, soon())).toMatchObject({ ok: true });
      expect(await connector.reconcile(certId, contract, soon())).toMatchObject({ value: { state: "not_executed" } });
    });
  });

  it("never writes upon a certified field that somebody changed, in 200 rounds", async () => {
    for (let round = 0; round < 200; round += 1) {
      const session = await opened(connector, CHANGES.scale);
      const replicas = 10 + (round % 20);
      const result = await session.execute(async () => {
        await secured.cluster.must("PATCH", path, { spec: { replicas } }, MERGE);
        return true;
      });
      expect(result).toMatchObject({ state: "not_executed", code: "state_drifted" });
      expect(valueAt(await read(path), "spec", "replicas")).toBe(replicas);
    }
  }, 120_000);

  it("always goes through while a status changes at full speed", async () => {
    let isWriting = true;
    let writes = 0;
    const writers = [0, 1].map(async () => {
      while (isWriting) {
        writes += 1;
        await secured.cluster.must("PATCH", `${path}/status`, { status: { observedGeneration: writes } }, MERGE);
      }
    });
    const results = [];
    const markers = [];
    for (let round = 0; round < 50; round += 1) {
      const certId = newCertId();
      results.push((await carryOut(connector, CHANGES.scale, certId)).state);
      markers.push(textAt(await read(path), "metadata", "annotations", MARKER) === certId);
    }
    isWriting = false;
    await Promise.all(writers);
    expect(writes).toBeGreaterThan(100);
    expect(results).toEqual(results.map(() => "executed"));
    expect(markers).toEqual(markers.map(() => true));
  }, 120_000);
});

import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { MARKER } from "@seb/connector-kubernetes-language";
import {
  leftOut,
  type RunningKube,
  refusedPort,
  startKube,
  type TcpProxy,
  tcpProxy,
  testCertificates,
} from "@seb/testkit";
import {
  always,
  carryOut,
  connect,
  contractOf,
  deploymentPath,
  newCertId,
  observed,
  opened,
  soon,
} from "../test/change.js";
import { CHANGES, type Secured, SHOP, secure, TOKENS, until } from "../test/secured.js";
import { textAt, valueAt } from "./json.js";

const suite = (await leftOut(["etcd", "kube-apiserver"])) === undefined ? describe : describe.skip;
const path = deploymentPath(SHOP);

suite("over a bad network", () => {
  let kube: RunningKube;
  let secured: Secured;
  let proxy: TcpProxy;
  let far: ReturnType<typeof connect>;
  let near: ReturnType<typeof connect>;
  beforeAll(async () => {
    kube = await startKube({ audit: false, tokens: TOKENS });
    secured = await secure(kube);
    proxy = await tcpProxy({ targetPort: kube.port });
    far = connect(secured.cluster, secured.brokerToken, { target: { server: `https://127.0.0.1:${proxy.port}` } });
    near = connect(secured.cluster, secured.brokerToken);
  }, 15 * 60_000);
  afterAll(async () => {
    await far?.close();
    await near?.close();
    await proxy?.close();
    secured?.cluster.close();
    await kube?.dispose();
  });
  beforeEach(async () => {
    proxy.addLatencyMs(0);
    proxy.resume();
    await secured.cluster.must("PATCH", path, { spec: { replicas: 3 } }, "application/merge-patch+json");
  });

  const replicas = async () => valueAt(await secured.cluster.must("GET", path), "spec", "replicas");
  const marker = async () => textAt(await secured.cluster.must("GET", path), "metadata", "annotations", MARKER);

  async function begun() {
    const certId = newCertId();
    const contract = contractOf(CHANGES.scale, (await observed(far, CHANGES.scale)).precondition);
    return { certId, contract, session: await opened(far, CHANGES.scale, { certId, contract }) };
  }

  it("a reply that was lost is unknown, and reconciled to executed", async () => {
    const { certId, contract, session } = await begun();
    proxy.addLatencyMs(400);
    const ending = session.execute(always);
    await until(async () => (await marker()) === certId);
    proxy.cut();
    expect(await ending).toMatchObject({ state: "unknown" });
    expect(await near.fence(certId, contract, soon())).toMatchObject({ ok: true });
    expect(await near.reconcile(certId, contract, soon())).toMatchObject({ value: { state: "executed" } });
    expect(await near.recall(certId, contract, soon())).toMatchObject({ ok: true });
  });

  it("what the network holds back changes nothing once another broker has fenced it", async () => {
    const { certId, contract, session } = await begun();
    const ending = session.execute(async () => {
      proxy.pause();
      return true;
    });
    expect(await near.fence(certId, contract, soon())).toMatchObject({ ok: true });
    expect(await near.reconcile(certId, contract, soon())).toMatchObject({ value: { state: "not_executed" } });
    proxy.resume();
    expect((await ending).state).not.toBe("executed");
    expect(await replicas()).toBe(3);
    await near.recall(certId, contract, soon());
  });

  it("a server that does not answer leaves the execution unknown, in time", async () => {
    const { certId, contract, session } = await begun();
    const from = performance.now();
    const result = await session.execute(async () => {
      proxy.pause();
      return true;
    });
    expect(result).toMatchObject({ state: "unknown" });
    expect(performance.now() - from).toBeLessThan(5000);
    proxy.resume();
    await near.recall(certId, contract, soon());
  }, 10_000);

  it("what cannot be sent is not executed", async () => {
    const { certId, contract, session } = await begun();
    proxy.cut();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const result = await session.execute(always);
    expect(result).toMatchObject({ state: "not_executed", code: "target_unavailable" });
    expect(await replicas()).toBe(3);
    await near.recall(certId, contract, soon());
  });

  it("what is lost with a closed connection is sent anew, once", async () => {
    const { certId, contract, session } = await begun();
    let guards = 0;
    const result = await session.execute(async () => {
      guards += 1;
      if (guards === 1) proxy.cut();
      proxy.resume();
      return true;
    });
    expect(guards).toBe(2);
    expect(result).toMatchObject({ state: "executed" });
    expect(await marker()).toBe(certId);
    await near.recall(certId, contract, soon());
  });

  it("a server that is not there, silent, or another one is unavailable", async () => {
    const elsewhere = testCertificates(secured.cluster.folder);
    const nobody = await refusedPort();
    const servers = [
      { server: `https://127.0.0.1:${nobody.port}` },
      { server: `https://127.0.0.1:${kube.port}`, ca_file: elsewhere.caFile },
      { server: `https://127.0.0.1:${kube.port}`, token_file: "/nonexistent/token" },
    ];
    for (const target of servers) {
      const connector = connect(secured.cluster, secured.brokerToken, { target });
      const request = { target: "cluster", operation: CHANGES.scale.template, live: {}, signal: soon() };
      expect(await connector.observe(request)).toMatchObject({ ok: false, error: { code: "target_unavailable" } });
      await connector.close();
    }
    await nobody.close();
    proxy.pause();
    const signal = AbortSignal.timeout(300);
    const silent = await far.observe({ target: "cluster", operation: CHANGES.scale.template, live: {}, signal });
    expect(silent).toMatchObject({ ok: false, error: { code: "target_unavailable" } });
  });

  it("a token that does not count is refused, and a rotated one is taken up", async () => {
    const file = secured.cluster.file("rotating", "not-a-token");
    const connector = connect(secured.cluster, "", { target: { token_file: file } });
    const request = { target: "cluster", operation: CHANGES.scale.template, live: {}, signal: soon() };
    expect(await connector.observe(request)).toMatchObject({ ok: false, error: { code: "target_refused" } });
    writeFileSync(file, `${secured.brokerToken}\n`);
    await until(async () => (await connector.observe(request)).ok);
    await connector.close();
  }, 15_000);

  it("connections that a restart of the server broke are made anew", async () => {
    expect(await carryOut(near, CHANGES.scale)).toMatchObject({ state: "executed" });
    await kube.restart();
    // The first requests after a restart may come before RBAC has read its rules.
    await until(
      async () =>
        (await near.observe({ target: "cluster", operation: CHANGES.scale.template, live: {}, signal: soon() })).ok,
    );
    expect(await carryOut(near, CHANGES.scale)).toMatchObject({ state: "executed" });
  }, 90_000);
});

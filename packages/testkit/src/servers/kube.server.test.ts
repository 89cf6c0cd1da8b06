import { readFileSync } from "node:fs";
import { request } from "node:https";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { leftOut, type RunningKube, serverBinary, startKube } from "../index.js";

const missing = await leftOut(["etcd", "kube-apiserver"]);
const suite = missing === undefined ? describe : describe.skip;
const firstBuildMs = 15 * 60_000;

interface Answer {
  status: number;
  body: unknown;
}

interface AuditEvent {
  verb: string;
  objectRef?: { name?: string };
}

function call(kube: RunningKube, method: string, path: string, token: string, body?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const sent = request(`${kube.url}${path}`, { method, headers, ca: kube.ca, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
    });
    sent.once("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

suite("startKube", () => {
  const agentToken = "agent-token-of-this-test";
  let kube: RunningKube;
  beforeAll(async () => {
    await serverBinary("kube-apiserver");
    kube = await startKube({ tokens: [{ token: agentToken, user: "agent", groups: ["agents", "people"] }] });
  }, firstBuildMs);
  afterAll(async () => kube?.dispose());

  it("knows the bearers it was given, and grants by RBAC", async () => {
    const configMaps = "/api/v1/namespaces/default/configmaps";
    expect(await call(kube, "GET", configMaps, agentToken)).toMatchObject({ status: 403 });
    const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    const who = await call(kube, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", agentToken, review);
    expect(who.body).toMatchObject({
      status: { userInfo: { username: "agent", groups: ["agents", "people", "system:authenticated"] } },
    });
    const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "kept" }, data: { one: "1" } };
    expect(await call(kube, "POST", configMaps, kube.adminToken, configMap)).toMatchObject({ status: 201 });
    expect(await call(kube, "GET", configMaps, "no-such-token")).toMatchObject({ status: 401 });
  });

  it("issues tokens of service accounts that it accepts", async () => {
    const accounts = "/api/v1/namespaces/default/serviceaccounts";
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "once" } };
    expect(await call(kube, "POST", accounts, kube.adminToken, account)).toMatchObject({ status: 201 });
    const wanted = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 600 } };
    const issued = await call(kube, "POST", `${accounts}/once/token`, kube.adminToken, wanted);
    const { token } = (issued.body as { status: { token: string } }).status;
    expect(await call(kube, "GET", accounts, token)).toMatchObject({ status: 403 });
  });

  it("writes an audit log without bodies", () => {
    const lines = readFileSync(kube.auditLogPath ?? "", "utf8")
      .trim()
      .split("\n");
    const events = lines.map((line): AuditEvent => JSON.parse(line));
    const created = events.find(({ verb, objectRef }) => verb === "create" && objectRef?.name === "kept");
    expect(created).toMatchObject({ level: "Metadata", user: { username: "seb-dev-admin" } });
    expect(created).not.toHaveProperty("requestObject");
  });

  it("keeps objects through a kill and a restart, at the same address", async () => {
    await kube.kill9();
    await kube.restart();
    const path = "/api/v1/namespaces/default/configmaps/kept";
    expect(await call(kube, "GET", path, kube.adminToken)).toMatchObject({ status: 200, body: { data: { one: "1" } } });
  }, 90_000);

  it("writes a kubeconfig for the admin, and the text of others", () => {
    const config: unknown = JSON.parse(readFileSync(kube.kubeconfig, "utf8"));
    expect(config).toMatchObject({
      clusters: [{ cluster: { server: kube.url } }],
      users: [{ user: { token: kube.adminToken } }],
    });
    expect(JSON.parse(kube.kubeconfigFor(agentToken))).toMatchObject({ users: [{ user: { token: agentToken } }] });
  });
});

import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { generateKeyFile, type KeyFile, publicOf } from "@seb/seal";
import { verifyProof } from "@seb/verify-core";
import { type Agent, createAgent } from "./agent.js";
import { createMemoryIdempotencyStore } from "./idempotency.js";
import { operationDigest } from "./proof-headers.js";
import { createReader } from "./reader.js";
import {
  answer,
  answerProblem,
  type ScriptedServer,
  type Seen,
  scriptedServer,
  unsignedToken,
} from "./test/scripted-server.js";

const proposal = {
  action: "deploy",
  service: "checkout",
  region: "us-east-1",
  parameters: { image_digest: "sha256:1" },
  bounds: { max_replicas: 12 },
  evidence: [],
};
const operation = { action: "deploy", resource: "service:checkout/region:us-east-1", parameters: { replicas: 12 } };
const certId = `c_${"a".repeat(26)}`;
const requestId = `r_${"b".repeat(26)}`;

let key: KeyFile;
let jkt: string;
let certificate: string;
let server: ScriptedServer;
let agent: Agent;
beforeAll(async () => {
  key = await generateKeyFile("agent", "oncall-v3");
  jkt = publicOf(key).kid;
  certificate = certificateOf({});
});
beforeEach(async () => {
  server = await scriptedServer((_seen, response) => answerProblem(response, "not_found", requestId));
  agent = await agentFor({});
});
afterEach(async () => {
  await agent.close();
  await server.close();
});

const certificateOf = (more: object) =>
  unsignedToken("seb-cert+jwt", {
    jti: certId,
    action: "deploy",
    resource: operation.resource,
    cnf: { jkt },
    ...more,
  });
const issued = () => ({
  request: requestId,
  certificate,
  cert_id: certId,
  not_after: 2_000_000_000,
  mode: "enforce",
  policy: "auto-low-risk-v2",
  replayed: false,
});
const executed = (state = "executed") => ({
  cert_id: certId,
  state,
  replayed: false,
  ...operation,
  subject: "agent:oncall-v3",
  decided_at_ms: 1,
  closed_at_ms: 2,
  result: { commit: "abc" },
  code: null,
  fence: 0,
});
const RECEIPT = "eyJhbGciOiJFZDI1NTE5In0.e30.AAAA";
const reported = (state = "executed") => ({ ...executed(state), receipt: state === "executed" ? RECEIPT : null });

async function agentFor(more: Partial<Parameters<typeof createAgent>[0]>): Promise<Agent> {
  const made = await createAgent({ signerUrl: server.url, brokerUrl: server.url, key, timeoutMs: 1500, ...more });
  if (!made.ok) throw new Error(made.error.code);
  return made.value;
}
const codeOf = (result: { ok: boolean; error?: { code: string } }) => (result.ok ? "ok" : result.error?.code);
const proofOf = (seen: Seen, path: string, accessToken?: string) =>
  verifyProof(String(seen.headers.dpop), {
    method: seen.method,
    urls: [server.url + path],
    nowSeconds: Date.now() / 1000,
    maxAgeSeconds: 60,
    ...(seen.body === "" ? {} : { op: operationDigest(seen.body) }),
    ...(accessToken === undefined ? {} : { accessToken }),
  });

describe("requestCertificate", () => {
  const observation = unsignedToken("seb-observation+jws", {});
  const signs = (seen: Seen, response: Parameters<typeof answer>[0]) =>
    seen.url === "/v1/observations" ? answer(response, 200, { observation }) : answer(response, 201, issued());

  it("observes first, then asks with a proof over exactly the body", async () => {
    server.script = signs;
    expect(await agent.requestCertificate(proposal)).toEqual({ ok: true, value: issued() });
    const [observed, asked] = server.seen;
    if (observed === undefined || asked === undefined) throw new Error("two requests");
    expect(JSON.parse(observed.body)).toEqual({ action: "deploy", service: "checkout", region: "us-east-1" });
    expect(await proofOf(observed, "/v1/observations")).toMatchObject({ ok: true, value: { jkt } });
    expect(JSON.parse(asked.body)).toEqual({ ...proposal, observation });
    expect(await proofOf(asked, "/v1/certificates")).toMatchObject({ ok: true, value: { jkt } });
    expect(asked.headers["idempotency-key"]).toMatch(/^k_[a-z2-7]{26}$/);
  });

  it("sends the same bytes under the same key, with a new proof, when the answer is lost", async () => {
    server.script = (seen, response) => {
      const first = server.seen.filter(({ url }) => url === "/v1/certificates").length === 1;
      if (seen.url === "/v1/certificates" && first) response.destroy();
      else signs(seen, response);
    };
    expect(codeOf(await agent.requestCertificate(proposal))).toBe("ok");
    const [first, second] = server.seen.filter(({ url }) => url === "/v1/certificates");
    expect(second?.body).toBe(first?.body);
    expect(second?.headers["idempotency-key"]).toBe(first?.headers["idempotency-key"]);
    expect(second?.headers.dpop).not.toBe(first?.headers.dpop);
  });

  it("keeps the body while the outcome is unknown and resends it verbatim, without observing again", async () => {
    const idempotencyStore = createMemoryIdempotencyStore();
    const own = await agentFor({ idempotencyStore });
    server.script = (seen, response) => (seen.url === "/v1/certificates" ? response.destroy() : signs(seen, response));
    const idempotencyKey = "k".repeat(20);
    expect(codeOf(await own.requestCertificate(proposal, { idempotencyKey }))).toBe("no_answer");
    const before = server.seen.length;
    server.script = signs;
    expect(codeOf(await own.requestCertificate(proposal, { idempotencyKey }))).toBe("ok");
    expect(server.seen.slice(before).map(({ url }) => url)).toEqual(["/v1/certificates"]);
    expect(server.seen.at(-1)?.body).toBe(server.seen[1]?.body);
    expect(await idempotencyStore.load(idempotencyKey)).toBeUndefined();
    await own.close();
  });

  it("hands on a refusal with its problem", async () => {
    server.script = (_seen, response) => answerProblem(response, "agent_unknown", requestId);
    const refused = await agent.requestCertificate(proposal);
    expect(refused).toMatchObject({
      ok: false,
      error: { code: "agent_unknown", service: "broker", problem: { request_id: requestId } },
    });
  });

  it.each([
    ["another certificate id", { jti: `c_${"b".repeat(26)}` }],
    ["another agent's key", { cnf: { jkt: "x".repeat(43) } }],
    ["another resource", { resource: "service:payments/region:us-east-1" }],
  ])("refuses a certificate for %s", async (_name, claims) => {
    server.script = (seen, response) =>
      seen.url === "/v1/observations"
        ? answer(response, 200, { observation })
        : answer(response, 201, { ...issued(), certificate: certificateOf(claims) });
    expect(codeOf(await agent.requestCertificate(proposal))).toBe("answer_invalid");
  });
});

describe("execute", () => {
  it("presents the certificate with a proof bound to it and to the body", async () => {
    server.script = (_seen, response) => answer(response, 200, reported());
    expect(await agent.execute(certificate, operation)).toEqual({ ok: true, value: reported() });
    const [seen] = server.seen;
    if (seen === undefined) throw new Error("no request");
    expect(seen.headers.authorization).toBe(`DPoP ${certificate}`);
    expect(await proofOf(seen, "/v1/executions", certificate)).toMatchObject({ ok: true });
  });

  it("asks once more, verbatim, when the answer is lost, and not when it is a refusal", async () => {
    server.script = (_seen, response) =>
      server.seen.length === 1 ? response.destroy() : answer(response, 200, { ...reported(), replayed: true });
    expect(await agent.execute(certificate, operation)).toMatchObject({ ok: true, value: { replayed: true } });
    expect(server.seen[1]?.body).toBe(server.seen[0]?.body);
    server.script = (_seen, response) => answerProblem(response, "resource_busy", requestId);
    expect(codeOf(await agent.execute(certificate, operation))).toBe("resource_busy");
    expect(server.seen).toHaveLength(3);
  });

  it.each<[string, number, unknown, string]>([
    ["a page of some proxy", 502, "<html>", "text/html"],
    ["another schema", 200, { state: "executed" }, "application/json"],
  ])("is unknown when what comes back is %s", async (_name, status, body, type) => {
    server.script = (_seen, response) => answer(response, status, body, type);
    const unknown = await agent.execute(certificate, operation);
    expect(unknown).toMatchObject({ ok: false, error: { code: "execution_unknown", sent: true, certId } });
    expect(unknown).not.toHaveProperty("error.problem");
  });

  it("is unknown when the request went out and no answer came, both times", async () => {
    server.script = (_seen, response) => response.destroy();
    const unknown = await agent.execute(certificate, operation);
    expect(unknown).toMatchObject({ ok: false, error: { code: "execution_unknown", certId } });
    expect(server.seen).toHaveLength(2);
  });

  it("is unknown when the deadline ends the wait for an answer", async () => {
    server.script = () => undefined;
    expect(codeOf(await agent.execute(certificate, operation, { timeoutMs: 400 }))).toBe("execution_unknown");
  });

  it("is unknown when the first answer was lost, whatever refuses the second request", async () => {
    server.script = (_seen, response) =>
      server.seen.length === 1 ? response.destroy() : answerProblem(response, "status_stale", requestId);
    expect(await agent.execute(certificate, operation)).toMatchObject({
      ok: false,
      error: { code: "execution_unknown", certId, problem: { code: "status_stale" } },
    });
    server.script = (_seen, response) =>
      server.seen.length === 3 ? response.destroy() : answerProblem(response, "execution_open", requestId);
    expect(codeOf(await agent.execute(certificate, operation))).toBe("execution_open");
  });

  it("is unknown when the broker is gone after the first request reached it", async () => {
    server.script = (_seen, response) => {
      void server.close();
      response.destroy();
    };
    expect(await agent.execute(certificate, operation)).toMatchObject({
      ok: false,
      error: { code: "execution_unknown", sent: true, certId },
    });
    expect(server.seen).toHaveLength(1);
  });

  it("was not asked for when nothing took the request", async () => {
    await server.close();
    const refused = await agent.execute(certificate, operation);
    expect(refused).toMatchObject({ ok: false, error: { code: "unreachable", certId } });
    expect(refused).not.toHaveProperty("error.sent");
    // Takes connections and never a word: over TLS, nothing of the request is sent before the handshake.
    const taken: Socket[] = [];
    const silent: Server = createServer((socket) => taken.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const other = await agentFor({ brokerUrl: `https://127.0.0.1:${address.port}` });
    expect(codeOf(await other.execute(certificate, operation, { timeoutMs: 500 }))).toBe("no_answer");
    await other.close();
    for (const socket of taken) socket.destroy();
    silent.close();
  });

  it("says open and unknown by their codes", async () => {
    server.script = (_seen, response) => answerProblem(response, "execution_unknown", requestId);
    expect(codeOf(await agent.execute(certificate, operation))).toBe("execution_unknown");
  });
});

describe("reads", () => {
  it("asks for executions with a proof without body, over the path without query", async () => {
    server.script = (seen, response) =>
      answer(response, 200, seen.url.includes("?") ? { executions: [executed()] } : reported("unknown"));
    expect(await agent.execution(certId)).toMatchObject({ ok: true, value: { state: "unknown" } });
    expect(await agent.executions({ state: "recent", limit: 5 })).toMatchObject({ ok: true });
    const [one, list] = server.seen;
    if (one === undefined || list === undefined) throw new Error("two requests");
    expect(await proofOf(one, `/v1/executions/${certId}`)).toMatchObject({ ok: true });
    expect(await proofOf(list, "/v1/executions")).toMatchObject({ ok: true });
  });

  it("verifies without a key and reports requests without certificate", async () => {
    const reader = createReader({ brokerUrl: server.url });
    if (!reader.ok) throw new Error("reader");
    const verdict = { verdict: "would_execute", code: null, step: null, cert_id: certId, checked: [], not_checked: [] };
    server.script = (_seen, response) => answer(response, 200, verdict);
    expect(await reader.value.verify({ certificate })).toEqual({ ok: true, value: verdict });
    expect(await reader.value.report(requestId)).toMatchObject({ ok: true });
    expect(server.seen.map(({ headers }) => [headers.authorization, headers.dpop])).toEqual([
      [`DPoP ${certificate}`, undefined],
      [undefined, undefined],
    ]);
    expect(JSON.parse(server.seen[1]?.body ?? "")).toEqual({ request: requestId });
    expect(codeOf(await reader.value.actions())).toBe("setting_missing");
    await reader.value.close();
  });
});

describe("answers that no service of ours gives", () => {
  it.each<[string, number, string, string]>([
    ["HTML", 200, "<html>", "text/html"],
    ["another content type", 200, JSON.stringify({ bundle: "x" }), "text/plain"],
    ["a missing field", 200, JSON.stringify({ actions: [] }), "application/json"],
    ["a key twice", 200, '{"bundle":"a","bundle":"b"}', "application/json"],
    ["a redirect", 302, "{}", "application/json"],
    ["an error without problem", 502, "{}", "application/json"],
    ["a problem without its members", 403, "{}", "application/problem+json"],
    ["a megabyte and more", 200, `"${"a".repeat(1_100_000)}"`, "application/json"],
  ])("%s", async (_name, status, body, type) => {
    server.script = (_seen, response) => answer(response, status, body, type);
    expect(codeOf(await agent.actions())).toBe("answer_invalid");
  });

  it("a code that is unknown, or that does not go with its status", async () => {
    const members = { type: "t", title: "t", detail: "d", remedy: "r", retry: "same", request_id: requestId };
    for (const problem of [
      { ...members, status: 403, code: "made_up" },
      { ...members, status: 403, code: "expired" },
    ]) {
      server.script = (_seen, response) => answer(response, 403, problem, "application/problem+json");
      expect(codeOf(await agent.actions())).toBe("answer_invalid");
    }
  });
});

describe("servers that are not there, or silent", () => {
  it("are told apart, within the deadline", async () => {
    await server.close();
    expect(codeOf(await agent.actions())).toBe("unreachable");
    const silent: Server = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const other = await agentFor({ brokerUrl: `http://127.0.0.1:${address.port}`, timeoutMs: 400 });
    const startedMs = performance.now();
    expect(codeOf(await other.observe(proposal))).toBe("no_answer");
    expect(performance.now() - startedMs).toBeLessThan(1200);
    await other.close();
    silent.close();
  });

  it("dripping an answer does not outlast the deadline", async () => {
    let drip: NodeJS.Timeout | undefined;
    server.script = (_seen, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      drip = setInterval(() => response.write(" "), 20);
    };
    const startedMs = performance.now();
    expect(codeOf(await agent.actions({ timeoutMs: 300 }))).toBe("no_answer");
    expect(performance.now() - startedMs).toBeLessThan(1000);
    clearInterval(drip);
  });
});

describe("settings", () => {
  it("refuses another role's key and a wrong address, without showing the key", async () => {
    const options = { signerUrl: server.url, brokerUrl: server.url };
    const wrongRole = await createAgent({ ...options, key: { ...key, role: "record" } });
    expect(codeOf(wrongRole)).toBe("setting_invalid");
    expect(JSON.stringify(wrongRole)).not.toContain(key.jwk.d);
    expect(codeOf(await createAgent({ ...options, key: `${key.jwk.d}` }))).toBe("setting_invalid");
    expect(codeOf(await createAgent({ ...options, key, signerUrl: "file:///x" }))).toBe("setting_invalid");
  });

  it("names a service by one spelling of its address in proofs, however it was typed", async () => {
    server.script = (_seen, response) => answer(response, 200, { executions: [] });
    for (const typed of [server.url.replace("http:", "HTTP:"), `${server.url}//`, `${server.url}/?`]) {
      const made = await createAgent({ signerUrl: typed, brokerUrl: typed, key });
      if (!made.ok) throw new Error(made.error.detail);
      expect(await made.value.executions({ state: "recent", limit: 1 })).toMatchObject({ ok: true });
      await made.value.close();
      const [, payload = ""] = String(server.seen.at(-1)?.headers.dpop).split(".");
      const claims: { htu: string } = JSON.parse(Buffer.from(payload, "base64url").toString());
      expect(claims.htu).toBe(`${server.url}/v1/executions`);
    }
  });
});

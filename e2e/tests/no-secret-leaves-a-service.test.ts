import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { parse, stringify } from "yaml";
import { http, type KeyFile, proof } from "../harness/agent.js";
import { attest } from "../harness/attest.js";
import { controlOf } from "../harness/control-endpoint.js";
import { type Environment, type Failpoint, REAL, startEnvironment } from "../harness/environment.js";
import { forge, newKey } from "../harness/forge.js";
import { type GitHost, startGitHost } from "../harness/git-host.js";
import { HOSTILE_TOKENS } from "../harness/hostile.js";
import { digest, payloadOf } from "../harness/json.js";
import { giveOrder, giveOrderByTwo } from "../harness/orders.js";
import { signApproval } from "../harness/people.js";
import { rawBytes } from "../harness/raw-http.js";
import { certify, hotfix, OPERATION, verdict } from "../harness/scene.js";
import {
  filesBelow,
  found,
  keySecret,
  type Output,
  passwordSecret,
  type Secret,
  tokenSecret,
} from "../harness/secrets.js";
import { startsNot } from "../harness/starts-not.js";

const PASSWORD = "correct-horse-battery-staple-4711";
const SEED = "SEEDED-EVIDENCE-tangerine-0815";

let world: Environment;
let host: GitHost;
let thief: KeyFile;
const secrets = new Map<string, Secret>();
/** Answers of the services and what command lines printed. */
const outputs: Output[] = [];
const know = (secret: Secret) => void secrets.set(`${secret.kind} ${secret.name}`, secret);
const realFetch = globalThis.fetch;

/** Notes every answer that this process gets, and that every token it sends or gets is a secret from then on. */
async function listeningFetch(...[target, init]: Parameters<typeof fetch>): Promise<Response> {
  const headers = new Headers(init?.headers);
  const dpop = headers.get("dpop");
  if (dpop) know(tokenSecret("proof", dpop));
  const certificate = /^DPoP (.+)$/.exec(headers.get("authorization") ?? "")?.[1];
  if (certificate) know(tokenSecret("certificate", certificate));
  const response = await realFetch(target, init);
  const text = await response.clone().text();
  const where = `${init?.method ?? "GET"} ${target} ${response.status}`;
  if (String(target).endsWith("/v1/certificates") && response.status === 201) {
    // Only here a certificate is the answer.
    const { certificate: issued, ...rest } = JSON.parse(text);
    know(tokenSecret("certificate", issued));
    outputs.push({ where, text: JSON.stringify(rest) });
  } else outputs.push({ where, text: `${JSON.stringify([...response.headers])}\n${text}` });
  return response;
}

/** Passwords of the servers' users, one file each. */
const passwordFiles = (deployed: string) =>
  readdirSync(deployed, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".password"))
    .map((path) => join(deployed, path));
/** `broker/nats.password` is the broker's, `servers/nats/audit.password` the auditor's. */
const userOf = (file: string) => /(\w+)\/(?:nats|redis)\.password$/.exec(file)?.[1] ?? basename(file, ".password");
const textOf = (file: string) => readFileSync(file, "utf8").trim();

async function cli(bin: "agent-cli" | "broker-cli" | "seb", args: readonly string[], env: Record<string, string> = {}) {
  const ran = await world.run(bin, args, { env });
  const where = `${bin} ${args[0]} ${args[1] ?? ""} (exit ${ran.code})`;
  outputs.push({ where: `${where} stderr`, text: ran.stderr });
  const certificate = args[0] === "request-cert" ? /[\w-]+\.[\w-]+\.[\w-]+/.exec(ran.stdout)?.[0] : undefined;
  if (certificate) know(tokenSecret("certificate", certificate));
  outputs.push({ where: `${where} stdout`, text: certificate ? ran.stdout.replace(certificate, "") : ran.stdout });
  return { ...ran, certificate };
}

async function readOpenPages(): Promise<void> {
  for (const url of Object.values(world.urls))
    for (const path of ["/metrics", "/readyz", "/healthz"]) await fetch(url + path);
  await http(`${world.urls.signer}/.well-known/jwks.json`);
  await http(`${world.urls.signer}/v1/actions/deploy`);
  await http(`${world.urls.revocation}/v1/revocations`);
}

beforeAll(async () => {
  world = await startEnvironment();
  await world.stop();
  globalThis.fetch = listeningFetch;
  thief = await newKey("agent", "agent:oncall-v3");
  host = await startGitHost(world.seb, "gitops.git", `broker:${PASSWORD}`);
  const credential = join(world.seb, "credential");
  writeFileSync(credential, `broker:${PASSWORD}\n`, { mode: 0o600 });
  const file = join(world.seb, "targets.yaml");
  const targets = parse(readFileSync(file, "utf8"));
  for (const target of Object.values<Record<string, string>>(targets.targets))
    Object.assign(target, { url: host.url, credential_file: credential });
  writeFileSync(file, stringify(targets));
  execFileSync("git", [`--git-dir=${join(world.seb, "gitops.git")}`, "config", "http.receivepack", "true"]);
  for (const name of readdirSync(join(world.seb, "keys"))) {
    const { jwk } = world.key(name.replace(".json", ""));
    know(keySecret(name, String(jwk.d)));
  }
  know(keySecret("thief", String(thief.jwk.d)));
  know(passwordSecret("git", "broker", PASSWORD));
  know({ kind: "evidence", name: "seed", texts: [SEED, Buffer.from(SEED).toString("base64url")] });
  await world.start();
  const { real } = world;
  if (real === undefined) know({ kind: "password", name: "control token", texts: [controlOf(world).token] });
  else for (const file of passwordFiles(real.deployed)) know(passwordSecret(file, userOf(file), textOf(file)));
});
afterAll(async () => {
  globalThis.fetch = realFetch;
  await host?.close();
  await world?.cleanup();
});

/** The hotfix with an attestation that says more than it must; a reference is public, it stands in the certificate. */
async function seeded(changes: Parameters<typeof hotfix>[1] = {}) {
  const attested = await attest(world, { predicate: { url: `https://ci.example/${SEED}` } });
  return hotfix(world, {
    evidence: [attested, { type: "reference", name: "pr", value: "https://git.example/pulls/7" }],
    ...changes,
  });
}
const executions = () => `${world.urls.broker}/v1/executions`;

describe("what is done before the search", () => {
  it("honest work, over a target that wants a credential", async () => {
    const asked = await world.agent.request(await seeded());
    const certificate = String(asked.body.certificate);
    expect((await world.agent.verify(certificate, { operation: OPERATION })).body).toMatchObject({ code: null });
    expect((await world.agent.execute(certificate, OPERATION)).body).toMatchObject({ state: "executed" });
    expect((await world.agent.execute(certificate, OPERATION)).body).toMatchObject({ replayed: true });
    await world.agent.get(`${executions()}/${payloadOf(certificate).jti}`);
    await world.agent.get(executions());
    expect(host.admitted()).toBeGreaterThan(0);
    await readOpenPages();
  });

  it("every hostile token, as certificate, order and observation", async () => {
    const honest = await certify(world);
    for (const [, make] of HOSTILE_TOKENS) {
      const token = await make({ token: honest, key: world.key("signer-certificate"), canary: "http://127.0.0.1:1" });
      await world.agent.execute(token, OPERATION);
      await http(`${world.urls.revocation}/v1/orders`, { body: { order: token } });
      await world.agent.request(hotfix(world), { observation: token });
    }
  });

  it("refusals at every step", async () => {
    const honest = await certify(world);
    const refused = [
      await world.agent.execute(honest, OPERATION, { proofKey: thief }),
      await world.agent.execute(honest, OPERATION, {
        proof: await proof(thief, { url: executions(), header: { jwk: thief.jwk } }),
      }),
      await world.agent.execute(honest, { ...OPERATION, parameters: { ...OPERATION.parameters, replicas: 40 } }),
      await world.agent.execute(await forge(world, honest, { aud: "broker:prod" }), OPERATION),
      await world.agent.execute(
        await forge(world, honest, { tier: 3, exp: Number(payloadOf(honest).iat) - 1 }),
        OPERATION,
      ),
      await world.agent.execute(await forge(world, honest, { bundle: `sha256:${"0".repeat(64)}` }), OPERATION),
      await world.agent.request(await seeded({ bounds: { max_replicas: 49 }, evidence: [] })),
      await world.agent.request(await seeded({ action: "unknown" })),
      await world.agent.request({
        ...(await seeded()),
        evidence: [{ type: "attestation", envelope: Buffer.from(SEED).toString("base64url") }],
      }),
    ];
    for (const { status } of refused) expect(status).toBeGreaterThanOrEqual(202);
    await giveOrder(world, { do: "revoke", target: { kind: "subject", value: "agent:oncall-v3" } });
    expect(verdict(await world.agent.execute(honest, OPERATION))).toMatchObject({ code: "revoked_subject" });
    expect(verdict(await world.agent.request(await seeded()))).toMatchObject({ code: "revoked_subject" });
    await giveOrderByTwo(world, { do: "lift", target: { kind: "subject", value: "agent:oncall-v3" } });
  });

  it("a request that waits for people", async () => {
    const asked = await world.agent.request(await seeded({ bounds: { max_replicas: 30 } }));
    expect(verdict(asked)).toMatchObject({ code: "approval_pending" });
    const url = `${world.urls.signer}/v1/requests/${asked.body.request_id}`;
    const { body } = await world.agent.get(url);
    for (const key of [thief, world.key("person-carol")])
      await http(`${url}/approvals`, { body: { approval: await signApproval(body, "carol", key) } });
  });

  it("secrets in all the wrong places of a request", async () => {
    const honest = await certify(world);
    const d = String(world.key("agent").jwk.d);
    const dpop = await proof(world.key("agent"), {
      url: executions(),
      op: digest("seb-op-v1", {}),
      certificate: honest,
    });
    know(tokenSecret("proof", dpop));
    const bodies: unknown[] = [
      { certificate: honest, dpop, key: d },
      { ...OPERATION, [honest.slice(0, 40)]: d, parameters: { token: honest, note: SEED } },
      `{"certificate":"${honest}","certificate":"${dpop}"`,
      `{"${d}":1,"${d}":2}`,
      `"${honest}`,
      [honest, dpop, SEED],
    ];
    const routes = [
      executions(),
      `${world.urls.broker}/v1/verifications`,
      `${world.urls.broker}/v1/observations`,
      `${world.urls.signer}/v1/certificates`,
      `${world.urls.revocation}/v1/orders`,
    ];
    for (const url of routes) {
      for (const body of bodies)
        await http(url, {
          body,
          headers: { authorization: `DPoP ${honest}`, dpop, "idempotency-key": honest.slice(-60) },
        });
      await http(url, { method: "PUT", body: honest, headers: { "content-type": `text/${d}` } });
      for (const path of [`/${honest}`, `?certificate=${honest}`, `/${d}`, `/%00${d}`])
        await http(url + path, { headers: { dpop } });
      const start = `POST ${new URL(url).pathname} HTTP/1.1\r\nHost: a\r\n`;
      for (const bytes of [
        `${start}Authorization: DPoP ${honest}\r\nAuthorization: DPoP ${honest}\r\nDPoP: ${dpop}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`,
        `${start}Authorization: DPoP ${honest}\r\nContent-Length: ${d}\r\n\r\n`,
        `${start}DPoP ${dpop}\r\n\r\n`,
        `${honest} / HTTP/1.1\r\n\r\n`,
        `GET /${d} HTTP/9.9\r\n\r\n`,
      ])
        outputs.push({ where: `raw bytes to ${url}`, text: await rawBytes(url, bytes, 1500) });
    }
    const control = REAL ? [] : [`${controlOf(world).url}/v1/services`];
    for (const url of [...routes, ...control])
      for (const authorization of [`Bearer ${d}`, "Bearer x"]) await http(url, { headers: { authorization } });
  });

  it("the command lines, in good and bad use", async () => {
    const to = ["--action", "deploy", "--service", "checkout", "--region", "us-east-1"];
    const { certificate = "" } = await cli("agent-cli", ["request-cert", ...to]);
    expect(certificate).not.toBe("");
    await cli("agent-cli", ["inspect", certificate]);
    await cli("broker-cli", ["verify", "--cert", certificate, "--shadow"]);
    expect((await cli("agent-cli", ["execute", "--cert", certificate, "--replicas", "7"])).code).toBe(0);
    await cli("agent-cli", ["execute", "--cert", `${certificate}=`, "--replicas", "7", "--json"]);
    await cli("agent-cli", ["inspect", `${certificate}=`, "--json"]);
    await cli("agent-cli", ["request-cert", ...to, "--key", join(world.seb, "keys", "signer-certificate.json")]);
    const torn = join(world.folder, "torn.json");
    writeFileSync(torn, `${readFileSync(join(world.seb, "keys", "agent.json"), "utf8")}}`, { mode: 0o600 });
    await cli("agent-cli", ["request-cert", ...to, "--key", torn, "--json"]);
    await cli("agent-cli", ["request-cert", ...to], { SEB_KEY: torn });
    await cli("seb", ["revoke", "action", "scale", "--reason", "a drill", "--operator", torn]);
    await cli("seb", ["config", "--json"]);
    if (!REAL) await cli("seb", ["dev", "status"]);
    await cli("broker-cli", ["executions"]);
  });

  it("a step that throws, in broker and signer", async () => {
    const points: readonly Failpoint[] = [
      { step: "state", when: "before", do: "throw" },
      { step: "sign", when: "after", do: "throw", in: "signer" },
    ];
    for (const point of points) {
      await world.stop();
      await world.start(point);
      const asked = await world.agent.request(await seeded());
      if (asked.status === 201) {
        const answer = await world.agent.execute(String(asked.body.certificate), OPERATION);
        expect(verdict(answer)).toMatchObject({ code: "step_failed" });
      } else expect(verdict(asked)).toMatchObject({ code: "step_failed" });
      expect(world.reached()).toBe(true);
    }
    await world.stop();
    await world.start();
  });

  it("a target that refuses the credential, and a credential file that others can read", async () => {
    const certificate = await certify(world);
    host.refuse();
    expect(verdict(await world.agent.execute(certificate, OPERATION))).toMatchObject({ code: "target_unavailable" });
    chmodSync(join(world.seb, "credential"), 0o644);
    const what = { action: "deploy", service: "checkout", region: "us-east-1" };
    expect(verdict(await world.agent.observe(what))).toMatchObject({ code: "target_unavailable" });
    await readOpenPages();
  });

  it("a service that does not start with its key", async () => {
    await world.stop();
    const file = join(world.seb, "keys", "signer-certificate.json");
    const own = readFileSync(file, "utf8");
    writeFileSync(file, own.replace('"role"', '"Role"'));
    await startsNot(world, "setting_invalid", 2);
    writeFileSync(file, `${own}${own}`);
    await startsNot(world, "setting_invalid", 2);
    writeFileSync(file, own);
  });
});

describe("no secret leaves a service", () => {
  /** Where a secret belongs: the owner's own files, and the server's list of its users. */
  const belongs = (path: string) =>
    /^\.seb\/(keys\/|dev\.json$|credential$)/.test(path) ||
    /^deployed\/(.*\.password|servers\/nats\/accounts\.conf)$/.test(path) ||
    path === "torn.json";
  /** Files of the shared store, and of the record stream where that is not the services' own folder. */
  const STORE = REAL ? /^redis\/data\// : /^\.seb\/store\//;
  const RECORDS = REAL ? /^(nats\/data\/|\.seb\/([a-z]+\/records|heads)\/)/ : /^\.seb\/([a-z]+\/records|heads)\//;
  const except = (...kinds: readonly string[]) => [...secrets.values()].filter(({ kind }) => !kinds.includes(kind));
  let files: readonly Output[];
  beforeAll(() => {
    files = filesBelow(world.folder, belongs);
  });
  const hits = (from: readonly Output[], what: readonly Secret[] = [...secrets.values()]) =>
    from.flatMap((output) => found(what, output));

  it("and the search would find one: there are plenty, and each stands where it belongs", () => {
    const kinds = [...secrets.values()].map(({ kind }) => kind);
    for (const kind of ["key", "password", "proof", "certificate", "evidence"]) expect(kinds).toContain(kind);
    expect(secrets.size).toBeGreaterThan(200);
    expect(outputs.length).toBeGreaterThan(300);
    const own = filesBelow(join(world.seb, "keys"), () => false);
    expect(own.length).toBeGreaterThan(10);
    for (const file of own) expect(hits([file])).not.toEqual([]);
    for (const name of ["signer", "broker", "revocation"] as const)
      expect(files.some(({ where }) => where === `.seb/${name}/log.jsonl`)).toBe(true);
  });

  it("in an answer, a header, a metric, or what a command line prints", () => {
    expect(hits(outputs)).toEqual([]);
  });

  it("in what the services print, or in a log", () => {
    const logs = files.filter(({ where }) => /(^dev\.out|\.log|log\.jsonl)$/.test(where));
    expect(logs.length).toBeGreaterThanOrEqual(4);
    expect(hits(logs)).toEqual([]);
  });

  it("in a record or a head", () => {
    // Where the auditor reads them, they are there in full.
    const records = files.filter(({ where }) => RECORDS.test(where));
    expect(records.length).toBeGreaterThanOrEqual(6);
    // What an attestation says stands in the evidence store; records hold its digest.
    expect(hits(records)).toEqual([]);
  });

  it("in any other file that a service keeps: certificates in the store of used ones, evidence in its own", () => {
    const others = files.filter(
      ({ where }) =>
        (where.startsWith(".seb/") || where.startsWith("deployed/")) &&
        !STORE.test(where) &&
        !/^\.seb\/(signer\/evidence|job)\//.test(where),
    );
    expect(hits(others)).toEqual([]);
    const store = files.filter(({ where }) => STORE.test(where));
    expect(store.length).toBeGreaterThan(0);
    expect(hits(store, except("certificate"))).toEqual([]);
    const evidence = files.filter(({ where }) => where.startsWith(".seb/signer/evidence/"));
    expect(evidence.length).toBeGreaterThan(0);
    expect(hits(evidence, except("evidence"))).toEqual([]);
  });

  it("in the target's history", () => {
    const git = (...args: string[]) =>
      execFileSync("git", [`--git-dir=${join(world.seb, "gitops.git")}`, ...args], { encoding: "utf8" });
    const history = `${git("log", "--all", "--patch", "--format=raw")}${git("for-each-ref")}`;
    expect(hits([{ where: "gitops.git", text: history }])).toEqual([]);
  });
});

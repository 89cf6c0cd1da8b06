import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { CompactSign, calculateJwkThumbprint, importJWK, type JWK } from "jose";
import { digest } from "./json.js";

export interface Answer {
  readonly status: number;
  /** The parsed body; problems carry `code`. */
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

/** A key as services keep it: role, name and private JWK. */
export interface KeyFile {
  readonly role: string;
  readonly name: string;
  readonly jwk: JWK;
}

export function readKey(path: string): KeyFile {
  return JSON.parse(readFileSync(path, "utf8"));
}

export function publicPart(jwk: JWK): JWK {
  const { kty, crv, x, y } = jwk;
  return { kty, crv, x, ...(y === undefined ? {} : { y }) } as JWK;
}

/** Any compact JWS over any header and payload text: forged tokens are made with this. */
export async function sign(header: Record<string, unknown>, payload: unknown, jwk: JWK): Promise<string> {
  const alg = jwk.kty === "OKP" ? "Ed25519" : "ES256";
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  const key = await importJWK(jwk, alg);
  return new CompactSign(new TextEncoder().encode(text)).setProtectedHeader({ alg, ...header }).sign(key);
}

/** A SEB token of a kind, signed with a key file's key. */
export async function seal(typ: string, claims: unknown, key: KeyFile): Promise<string> {
  return sign({ typ, kid: await calculateJwkThumbprint(publicPart(key.jwk)) }, claims, key.jwk);
}

export interface ProofOptions {
  readonly method?: string;
  readonly url: string;
  readonly op?: string;
  readonly certificate?: string;
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
}

/** A proof of possession (RFC 9449) with the claim `op`. */
export async function proof(key: KeyFile, options: ProofOptions): Promise<string> {
  const ath = options.certificate && createHash("sha256").update(options.certificate).digest("base64url");
  const claims = {
    jti: randomUUID(),
    htm: options.method ?? "POST",
    htu: options.url,
    iat: Math.floor(Date.now() / 1000),
    ...(options.op === undefined ? {} : { op: options.op }),
    ...(ath ? { ath } : {}),
    ...options.claims,
  };
  return sign({ typ: "dpop+jwt", jwk: publicPart(key.jwk), ...options.header }, claims, key.jwk);
}

/** One HTTP request with a JSON body; nothing is retried. */
export async function http(
  url: string,
  init: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const headers: Record<string, string> = { ...init.headers };
  if (init.body !== undefined) headers["content-type"] ??= "application/json";
  const response = await fetch(url, {
    method: init.method ?? (init.body === undefined ? "GET" : "POST"),
    headers,
    ...(init.body === undefined ? {} : { body: typeof init.body === "string" ? init.body : JSON.stringify(init.body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : JSON.parse(text), headers: response.headers };
}

/** What an agent asks for when a test does not say otherwise. */
export interface Proposal {
  readonly action: string;
  readonly service: string;
  readonly region: string;
  readonly parameters: Record<string, unknown>;
  readonly bounds: Record<string, unknown>;
  readonly evidence: readonly unknown[];
  readonly mode?: "shadow";
}

/** Has the shape of an observation and is none. */
const UNOBSERVED = "nothing.was.observed";

/** An agent that speaks the wire formats by hand, so that it can also lie. */
export function createAgent(urls: { readonly signer: string; readonly broker: string }, key: KeyFile) {
  async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const dpop = await proof(key, { url, op: digest("seb-op-v1", body) });
    return http(url, { body, headers: { dpop, ...headers } });
  }
  return {
    key,
    post,
    async get(url: string): Promise<Answer> {
      return http(url, { headers: { dpop: await proof(key, { url, method: "GET" }) } });
    },
    observe: (what: { action: string; service: string; region: string }) =>
      post(`${urls.broker}/v1/observations`, what),
    /** Observes and asks; the answer is the signer's, also where the broker refused to observe. */
    async request(proposal: Proposal, more: { observation?: string; idempotencyKey?: string } = {}): Promise<Answer> {
      const { action, service, region } = proposal;
      const observation =
        more.observation ?? String((await this.observe({ action, service, region })).body.observation ?? UNOBSERVED);
      return post(
        `${urls.signer}/v1/certificates`,
        { ...proposal, observation },
        { "idempotency-key": more.idempotencyKey ?? randomUUID() },
      );
    },
    /** Presents a certificate with a fresh proof; `proofKey` is the thief's own key. */
    async execute(
      certificate: string,
      body: unknown,
      more: { proofKey?: KeyFile; proof?: string; headers?: Record<string, string> } = {},
    ): Promise<Answer> {
      const url = `${urls.broker}/v1/executions`;
      const dpop =
        more.proof ?? (await proof(more.proofKey ?? key, { url, op: digest("seb-op-v1", body), certificate }));
      return http(url, { body, headers: { authorization: `DPoP ${certificate}`, dpop, ...more.headers } });
    },
    async verify(certificate: string | undefined, body: unknown, withProof = true): Promise<Answer> {
      const url = `${urls.broker}/v1/verifications`;
      const headers: Record<string, string> = {};
      if (certificate !== undefined) headers.authorization = `DPoP ${certificate}`;
      if (certificate !== undefined && withProof)
        headers.dpop = await proof(key, { url, op: digest("seb-op-v1", body), certificate });
      return http(url, { body, headers });
    },
  };
}
export type Agent = ReturnType<typeof createAgent>;

import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Bundle, openBundle, packBundle } from "@seb/catalogue";
import { ok, type Result, type RevocationTarget, type StatusClaims } from "@seb/schema";
import {
  type Agents,
  createAgents,
  createPossession,
  type Opened,
  type Possession,
  type ProvenRequest,
} from "../src/index.js";

/** 2026-01-01T00:00:00Z, in seconds. */
export const NOW = 1_767_225_600;
export const URL_OF_SERVICE = "https://broker.example";
export const SUBJECT = "agent:oncall-v3";
const EXAMPLE_AGENT_KEY = "WJfU0fO6FY7a3edoUx6fogGcqKYNRdvQ1CfV_fzztU0";

/** An Ed25519 key, its public JWK and thumbprint, made with Node's own cryptography. */
export interface TestKey {
  readonly jwk: { readonly kty: string; readonly crv: string; readonly x: string };
  readonly jkt: string;
  readonly privateKey: KeyObject;
}

export function newKey(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { x = "" } = publicKey.export({ format: "jwk" });
  const jwk = { kty: "OKP", crv: "Ed25519", x };
  const canonical = `{"crv":"Ed25519","kty":"OKP","x":"${x}"}`;
  return { jwk, jkt: createHash("sha256").update(canonical).digest("base64url"), privateKey };
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A DPoP proof, put together by hand. */
export function prove(key: TestKey, claims: Readonly<Record<string, unknown>>): string {
  const all = { jti: randomUUID(), iat: NOW, htm: "GET", htu: `${URL_OF_SERVICE}/v1/things`, ...claims };
  const input = `${part({ alg: "Ed25519", typ: "dpop+jwt", jwk: key.jwk })}.${part(all)}`;
  return `${input}.${sign(null, Buffer.from(input), key.privateKey).toString("base64url")}`;
}

/** A read of `/v1/things` with a right proof of the key's. */
export function reading(key: TestKey, claims: Readonly<Record<string, unknown>> = {}): ProvenRequest {
  return { proof: prove(key, claims), method: "GET", path: "/v1/things" };
}

const vectors: { files: Record<string, string> } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../catalogue/vectors/bundle.json"), "utf8"),
);

/** The example control folder with these keys for its agent and its approver. */
function bundleOf(agent: TestKey, approver: TestKey): Bundle {
  const changed = Object.entries(vectors.files).map(([path, text]): [string, string] => {
    if (path === "agents/oncall-v3.yaml") return [path, text.replace(EXAMPLE_AGENT_KEY, agent.jkt)];
    if (path !== "people/carol.yaml") return [path, text];
    return [path, text.replace(/kid: \S+/, `kid: ${approver.jkt}`).replace(/x: \S+ }/, `x: ${approver.jwk.x} }`)];
  });
  const packed = packBundle(Object.fromEntries(changed));
  if (!packed.ok) throw new Error(packed.error.detail);
  const opened = openBundle(packed.value.text, packed.value.digest);
  if (!opened.ok) throw new Error(opened.error.detail);
  return opened.value;
}

/** One service's authentication over a status and a view that tests change. */
export interface World {
  readonly agent: TestKey;
  readonly approver: TestKey;
  readonly bundle: Bundle;
  readonly possession: Possession;
  readonly agents: Agents<Opened>;
  nowSeconds: number;
  standing: readonly RevocationTarget[];
  /** What the status says, or why there is none. */
  status: Result<StatusClaims, "status_missing" | "status_stale" | "status_backwards">;
  /** Where the view stands, beside the status. */
  place: { seq: number; generation: number; run_id: string };
}

export function makeWorld(): World {
  const agent = newKey();
  const approver = newKey();
  const bundle = bundleOf(agent, approver);
  const place = { seq: 4, generation: 2, run_id: "run-a" };
  const epochs = { global: 0, subject: {}, policy: {} };
  const status: StatusClaims = {
    ver: 1,
    iss: "revocation:test",
    aud: "env:test",
    issued_at_ms: NOW * 1000,
    epochs,
    bundle: bundle.digest,
    ...place,
  };
  const possession = createPossession({
    clock: { nowMs: () => world.nowSeconds * 1000 },
    publicUrls: ["https://other.example", URL_OF_SERVICE],
    maxAgeSeconds: 60,
  });
  const agents = createAgents<Opened>({
    possession,
    status: { current: () => world.status },
    view: {
      read: async () => {
        const standing = world.standing.map((target) => ({
          target,
          order: `o_${"a".repeat(26)}`,
          by: "alice",
          reason: "a test",
          at_ms: NOW * 1000,
        }));
        return ok({ ...world.place, epochs, bundle: bundle.digest, standing });
      },
    },
    open: async (digest) => {
      if (digest !== bundle.digest) throw new Error("another bundle was asked for");
      return ok({ bundle });
    },
  });
  const world: World = {
    agent,
    approver,
    bundle,
    possession,
    agents,
    nowSeconds: NOW,
    standing: [],
    status: ok(status),
    place: { ...place },
  };
  return world;
}

export const codeOf = (made: { ok: true } | { ok: false; error: { code: string } }) =>
  made.ok ? "ok" : made.error.code;

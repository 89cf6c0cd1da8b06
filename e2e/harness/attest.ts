import { createPrivateKey, sign } from "node:crypto";
import { calculateJwkThumbprint } from "jose";
import { type KeyFile, publicPart } from "./agent.js";
import type { Environment } from "./environment.js";
import { buildDigest } from "./gitops.js";

/** What an attestation says; what is left out is right. */
export interface Attested {
  readonly digest?: string;
  /** Image repository that the statement names. */
  readonly name?: string;
  readonly result?: string;
  readonly finishedOn?: string;
  readonly predicateType?: string;
  readonly statementType?: string;
  readonly payloadType?: string;
  /** Further members of the predicate. */
  readonly predicate?: Readonly<Record<string, unknown>>;
  /** Signs instead of the builder. */
  readonly by?: KeyFile;
  /** Names this key id instead of the signing key's. */
  readonly keyid?: string;
  /** Leaves the signatures out. */
  readonly unsigned?: boolean;
  /** Changes the payload's text after it was signed. */
  readonly tamper?: (payload: string) => string;
}

/** Key id by which the bundle pins the builder of the environment. */
export const builderKid = (environment: Environment) =>
  calculateJwkThumbprint(publicPart(environment.key("builder").jwk));

/** An evidence entry with an in-toto test result in a DSSE envelope, made by hand. */
export async function attest(environment: Environment, it: Attested = {}) {
  const key = it.by ?? environment.key("builder");
  const statement = {
    _type: it.statementType ?? "https://in-toto.io/Statement/v1",
    subject: [
      {
        name: it.name ?? "registry.example/checkout",
        digest: { sha256: (it.digest ?? buildDigest("checkout", 3)).slice("sha256:".length) },
      },
    ],
    predicateType: it.predicateType ?? "https://in-toto.io/attestation/test-result/v0.1",
    predicate: {
      result: it.result ?? "PASSED",
      finishedOn: it.finishedOn ?? new Date(Date.now() - 60_000).toISOString(),
      configuration: [],
      ...it.predicate,
    },
  };
  const payloadType = it.payloadType ?? "application/vnd.in-toto+json";
  const payload = JSON.stringify(statement);
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${Buffer.byteLength(payload)} `;
  const privateKey = createPrivateKey({ key: { ...key.jwk }, format: "jwk" });
  const sig = sign(null, Buffer.from(head + payload), privateKey).toString("base64");
  const keyid = it.keyid ?? (await calculateJwkThumbprint(publicPart(key.jwk)));
  const sent = it.tamper ? it.tamper(payload) : payload;
  const envelope = {
    payloadType,
    payload: Buffer.from(sent).toString("base64"),
    signatures: it.unsigned ? [] : [{ keyid, sig }],
  };
  return { type: "attestation", envelope: Buffer.from(JSON.stringify(envelope)).toString("base64url") };
}

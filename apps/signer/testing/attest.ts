import { createPrivateKey, sign } from "node:crypto";
import type { KeyFile } from "@seb/seal";

/** What a test wants its attestation to say; what is left out is right. */
export interface Attested {
  readonly digest?: string;
  readonly name?: string;
  readonly result?: string;
  readonly finishedOn?: string;
  readonly predicateType?: string;
  readonly keyid?: string;
  readonly payloadType?: string;
  /** Changes the payload after signing. */
  readonly tamper?: boolean;
  readonly unsigned?: boolean;
  readonly more?: Readonly<Record<string, unknown>>;
}

export const IMAGE = `sha256:${"a".repeat(64)}`;
export const PREVIOUS = `sha256:${"b".repeat(64)}`;
export const RUNNING = `sha256:${"c".repeat(64)}`;
export const REPOSITORY = "registry.example/checkout";

/** A DSSE envelope with an in-toto test result, as a build system makes it; base64url of its JSON. */
export function attest(builder: KeyFile, nowMs: number, it: Attested = {}): { type: "attestation"; envelope: string } {
  const statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: it.name ?? REPOSITORY, digest: { sha256: (it.digest ?? IMAGE).slice("sha256:".length) } }],
    predicateType: it.predicateType ?? "https://in-toto.io/attestation/test-result/v0.1",
    predicate: {
      result: it.result ?? "PASSED",
      finishedOn: it.finishedOn ?? new Date(nowMs - 60_000).toISOString(),
      configuration: [],
      ...it.more,
    },
  };
  const payloadType = it.payloadType ?? "application/vnd.in-toto+json";
  const payload = Buffer.from(JSON.stringify(statement));
  const head = Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `);
  const key = createPrivateKey({ key: { ...builder.jwk }, format: "jwk" });
  const sig = sign(builder.jwk.kty === "OKP" ? null : "sha256", Buffer.concat([head, payload]), key).toString("base64");
  const sent = it.tamper ? Buffer.from(payload.toString().replace("PASSED", "PASSED ")) : payload;
  const envelope = {
    payloadType,
    payload: sent.toString("base64"),
    signatures: it.unsigned ? [] : [{ keyid: it.keyid ?? "ci-1", sig }],
  };
  return { type: "attestation", envelope: Buffer.from(JSON.stringify(envelope)).toString("base64url") };
}

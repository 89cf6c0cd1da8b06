import { createPrivateKey, sign } from "node:crypto";
import { canonicalize, type Json } from "@seb/canonical";
import { IN_TOTO_PAYLOAD_TYPE, preAuthenticationEncoding } from "@seb/evidence";
import type { BuilderKey } from "./setup/keys.js";

/** What a test run found, for one image. */
export interface Attestation {
  /** The service's image repository, e.g. `registry.example/checkout`. */
  readonly name: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly imageDigest: string;
  readonly result: "PASSED" | "WARNED" | "FAILED";
  /** When the tests ended, in milliseconds since the Unix epoch. */
  readonly finishedOnMs: number;
}

const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1";

function statementOf({ name, imageDigest, result, finishedOnMs }: Attestation): Json {
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name, digest: { sha256: imageDigest.slice("sha256:".length) } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      result,
      finishedOn: new Date(finishedOnMs).toISOString(),
      configuration: [{ name: "ci/tests.yaml", uri: "https://git.example/shop/checkout/ci/tests.yaml" }],
      passedTests: result === "FAILED" ? [] : ["unit", "integration"],
      warnedTests: [],
      failedTests: result === "FAILED" ? ["integration"] : [],
    },
  };
}

/** An in-toto test-result statement in a DSSE envelope, signed by the builder: the text of a file. */
export function attest(attestation: Attestation, builder: BuilderKey): string {
  const payload = Buffer.from(canonicalize(statementOf(attestation)), "utf8");
  const key = createPrivateKey({ key: { ...builder.privateJwk }, format: "jwk" });
  const signature = sign(null, preAuthenticationEncoding(IN_TOTO_PAYLOAD_TYPE, payload), key).toString("base64");
  const envelope = {
    payloadType: IN_TOTO_PAYLOAD_TYPE,
    payload: payload.toString("base64"),
    signatures: [{ keyid: builder.keyid, sig: signature }],
  };
  return `${JSON.stringify(envelope, null, 2)}\n`;
}

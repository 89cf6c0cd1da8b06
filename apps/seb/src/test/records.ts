import type { CertificateClaims, DecisionBody, OutcomeBody, RecordedState } from "@seb/schema";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const SUBJECT = "agent:oncall-v3";
const RESOURCE = "service:checkout/region:us-east-1";
const NOW = 1_800_000_000;

export const certId = (n: number) => `c_${"a".repeat(25)}${"abcdefg".charAt(n)}`;

function claims(n: number, policy: string): CertificateClaims {
  return {
    ver: 1,
    jti: certId(n),
    iss: "signer:dev",
    aud: "broker:dev",
    sub: SUBJECT,
    iat: NOW,
    nbf: NOW,
    exp: NOW + 90,
    action: "deploy",
    resource: RESOURCE,
    scope: { max_replicas: n },
    contract: {
      ver: 1,
      action: "deploy",
      resource: RESOURCE,
      audience: "broker:dev",
      connector: "git",
      target: "gitops",
      operation: {},
      open: { replicas: { type: "integer", minimum: 1, maximum: n } },
      precondition: {},
      reconcile: "exact",
      identity: "held",
      timeout_seconds: 30,
    },
    bundle: digest("b"),
    evidence: { digest: digest("e"), facts: {} },
    policy: { id: policy, also: ["human-approved"], epoch: 1 },
    epochs: { global: 1, subject: 0 },
    tier: 1,
    mode: "enforce",
    once: [],
    cnf: { jkt: "k".repeat(43) },
  };
}

/** A decision of the broker on the n-th certificate. */
export function decision(n: number, policy: string): DecisionBody {
  return {
    cert_id: certId(n),
    request_id: `r_${"a".repeat(26)}`,
    subject: SUBJECT,
    action: "deploy",
    resource: RESOURCE,
    parameters: { replicas: n },
    policy,
    tier: 1,
    certificate: claims(n, policy),
    signer_kid: "s".repeat(43),
    op: digest("0"),
    fence: 1,
    take_seq: 1,
    generation: 1,
    target_version: "9f1e2d",
    ceilings: digest("c"),
    targets: digest("d"),
    steps: ["token", "take"],
  };
}

/** What became of it. */
export function outcome(n: number, state: RecordedState, fence: number): OutcomeBody {
  return {
    cert_id: certId(n),
    subject: SUBJECT,
    action: "deploy",
    resource: RESOURCE,
    policy: "emergency-rollback",
    state,
    code: null,
    detail: "",
    result: {},
    by: "broker",
    fence,
    take_seq: 1,
    recall_seq: null,
    identity: null,
  };
}

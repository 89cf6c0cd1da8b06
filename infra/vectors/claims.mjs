// The certificate that most vectors start from.
import { createHash } from "node:crypto";
import { broker, issuer, keys, now } from "./keys.mjs";

export const digest = (word) => `sha256:${createHash("sha256").update(word).digest("hex")}`;

export const rules = { audience: broker, skew_seconds: 2, max_lifetime_seconds: 120 };

export const contract = {
  ver: 1,
  action: "deploy",
  resource: "service:checkout/region:us-east-1",
  audience: broker,
  connector: "git",
  target: "gitops",
  operation: {
    branch: "main",
    edits: [{ path: "apps/checkout/deployment.yaml", set: { "/spec/replicas": { $open: "replicas" } } }],
  },
  open: { replicas: { type: "integer", minimum: 1, maximum: 12 } },
  precondition: { "blob:apps/checkout/deployment.yaml": "3b18e512dba79e4c8300dd08aeb37f8e728b8dad" },
  reconcile: "exact",
  identity: "held",
  timeout_seconds: 20,
};

/** Honest claims, valid from `now` for 90 s. */
export const claims = {
  ver: 1,
  jti: "c_aaaaaaaaaaaaaaaaaaaaaaaaaa",
  iss: issuer,
  aud: broker,
  sub: "agent:oncall-v3",
  iat: now,
  nbf: now,
  exp: now + 90,
  action: "deploy",
  resource: contract.resource,
  scope: { image_digest: digest("image"), max_replicas: 12 },
  contract,
  bundle: digest("bundle"),
  evidence: { digest: digest("evidence"), facts: { pr: "#4182", risk_score: 12, tests: "passed", previous: null } },
  policy: { id: "auto-low-risk-v2", also: ["human-approved"], epoch: 3 },
  epochs: { global: 7, subject: 0 },
  tier: 1,
  mode: "enforce",
  once: [],
  cnf: { jkt: keys.agent.kid },
};

/** Claims whose token has exactly `size` bytes: facts are padded. */
export function ofSize(make, size) {
  const filled = (lengths) => {
    const facts = Object.fromEntries(lengths.map((length, index) => [`pad_${index}`, "x".repeat(length)]));
    return make({ ...claims, evidence: { ...claims.evidence, facts } });
  };
  for (let last = 0; last < 500; last += 1)
    for (let pads = 1; pads < 12; pads += 1) {
      const token = filled([...Array(pads).fill(480), last]);
      if (token.length === size) return token;
    }
  throw new Error("no padding gives that size");
}

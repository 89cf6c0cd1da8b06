import { ADMISSION_STEPS, ISSUANCE_STEPS } from "@seb/schema";
import { code, generated, page, table } from "./parts/markdown.mjs";

export const file = "docs/steps.md";

/** Where each step is written, and what it settles. A step without a line here, or a line without its step, is an error. */
const ADMISSION = {
  token: [
    "`packages/verify-core/src/gate.ts`",
    "size, alphabet, three canonical segments, the exact header, a strict payload",
  ],
  signature: ["`packages/verify-core/src/signature.ts`", "a trusted certificate key by `(typ, kid)`, one verification"],
  claims: [
    "`packages/verify-core/src/certificate.ts`",
    "the closed schema; issuer and audience are the key's; no shadow certificate executes",
  ],
  audience: ["`apps/broker/src/admission/admit.ts`", "the certificate names this broker"],
  window: [
    "`packages/verify-core/src/window.ts`",
    "issued and begun (2 s of skew), not ended (none), no longer than the broker's cap",
  ],
  possession: [
    "`packages/agents/src/possession.ts`",
    "a fresh proof by the certificate's own key, for this request, body and certificate, seen once",
  ],
  replay: [
    "`apps/broker/src/admission/admit.ts`",
    "a known certificate: the same operation gets the recorded state unless its agent is revoked, another is refused",
  ],
  contract: [
    "`apps/broker/src/admission/contract.ts`",
    "the bundle compiles to the certified contract byte by byte; the restated operation lies within the scope",
  ],
  ceilings: ["`apps/broker/src/admission/ceilings.ts`", "the platform's own bounds, whatever was signed"],
  policy: [
    "`packages/authority/src/check-view.ts`",
    "bundle and policy are not revoked, the policy's epoch is not behind",
  ],
  view: [
    "`apps/broker/src/admission/admit.ts`",
    "the signed status is fresh, the view is of its store and not older, nothing standing names it",
  ],
  state: ["`apps/broker/src/admission/state.ts`", "the target still is as the certified precondition says"],
  take: [
    "`packages/authority/src/admit.ts`",
    "atomically: pin, single use, revocations, epochs, consumed ids, one open execution per resource, rates; then it is written",
  ],
  record: ["`apps/broker/src/execution/execute.ts`", "the decision is durable; without it nothing goes on"],
  mint: ["`apps/broker/src/execution/execute.ts`", "the connector opens the execution's identity"],
  guard: [
    "`apps/broker/src/execution/guard.ts`",
    "the last look before sending: both clocks, the fence, the status and the view once more",
  ],
  execute: [
    "`apps/broker/src/execution/execute.ts`",
    "the change is sent with the target's own precondition and the marker",
  ],
  outcome: ["`apps/broker/src/execution/finish.ts`", "what came of it is durable"],
  recall: ["`apps/broker/src/execution/finish.ts`", "the execution's identity is taken back"],
  close: ["`apps/broker/src/execution/finish.ts`", "the open entry goes; an unknown one stays for the reconciler"],
  answer: ["`apps/broker/src/execution/finish.ts`", "the caller is told"],
};

const ISSUANCE = {
  authenticate: [
    "`apps/signer/src/issuance/entitle.ts`",
    "one proof: agent, key and request; may it ask for this action; does anything standing name it",
  ],
  validate: [
    "`apps/signer/src/issuance/enter.ts`",
    "the idempotency key and what it was used for; same requests one after the other",
  ],
  compile: ["`apps/signer/src/issuance/plan.ts`", "the grant, the broker's observation, the contract from both"],
  tier: ["`apps/signer/src/issuance/plan.ts`", "the consequence of the worst that the scope allows"],
  evidence: [
    "`packages/evidence/src/gather.ts`",
    "all providers at once under a deadline; missing, late and unverifiable count as absent",
  ],
  policy: [
    "`apps/signer/src/issuance/judge.ts`",
    "Cedar, default deny; only people missing: the request is recorded and waits",
  ],
  profile: ["`apps/signer/src/issuance/grant.ts`", "audience, life and epochs; standing revocations once more"],
  store: ["`apps/signer/src/issuance/grant.ts`", "everything that was looked at, durable by its digest"],
  prepare: ["`packages/signing-core/src/prepare.ts`", "the certificate's exact content, from intent"],
  journal: ["`apps/signer/src/issuance/seal.ts`", "the whole payload, durable; only what is journalled is signed"],
  sign: ["`packages/signing-core/src/signer.ts`", "one signature for one prepared certificate"],
  verify: ["`apps/signer/src/issuance/seal.ts`", "the new certificate passes the gate that brokers use"],
  answer: ["`apps/signer/src/issuance/issue.ts`", "the caller is told"],
};

function rows(steps, described) {
  const differs = [
    ...steps.filter((step) => !(step in described)),
    ...Object.keys(described).filter((s) => !steps.includes(s)),
  ];
  if (differs.length > 0)
    throw new Error(`infra/docs/steps.mjs: ${differs.join(", ")} is described or listed, not both`);
  return steps.map((step, at) => [at + 1, code(step), described[step][1], described[step][0]]);
}

const heads = ["", "step", "what it settles", "where"];
const INTRO = `The names are constants that the code itself runs by; refusals, records, metrics, spans and failpoints of tests use them. The first step
that fails ends the list with its code. Each has a deadline, and whatever it throws is a refusal (\`step_failed\`).`;

export const render = () =>
  page(
    "# Steps",
    generated("steps.mjs"),
    INTRO,
    "## Admission and execution (broker)",
    `\`POST /v1/executions\` runs all of them. \`POST /v1/verifications\` runs the first thirteen, with a \`take\` that writes nothing, and ends in a
\`verification\` record. Up to \`take\` nothing is written; from \`take\` on the certificate is spent.`,
    table(heads, rows(ADMISSION_STEPS, ADMISSION)),
    "## Issuance (signer)",
    `A request whose certificate the journal already holds goes from \`validate\` to \`prepare\`, \`sign\`, \`verify\` and \`answer\`.`,
    table(heads, rows(ISSUANCE_STEPS, ISSUANCE)),
  );

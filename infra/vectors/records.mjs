// Chains and heads, made line by line with node:crypto alone; bodies of each kind are written by hand.
import { createHash } from "node:crypto";
import { keys, now } from "./keys.mjs";

const digestOf = (text) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const GENESIS = `sha256:${"0".repeat(64)}`;
const word = (name) => digestOf(name);
const id = (prefix, letter = "a") => `${prefix}_${letter.repeat(26)}`;
const resource = "service:checkout/region:us-east-1";
const about = { subject: "agent:oncall-v3", action: "deploy", resource };

const certificate = {
  ver: 1,
  jti: id("c"),
  iss: "signer:vectors",
  aud: "broker:vectors",
  sub: about.subject,
  iat: now,
  nbf: now,
  exp: now + 90,
  action: "deploy",
  resource,
  scope: { max_replicas: 12 },
  contract: {
    ver: 1,
    action: "deploy",
    resource,
    audience: "broker:vectors",
    connector: "git",
    target: "gitops",
    operation: { branch: "main" },
    open: { replicas: { type: "integer", minimum: 1, maximum: 12 } },
    precondition: { "blob:apps/checkout/deployment.yaml": "3b18e512dba79e4c8300dd08aeb37f8e728b8dad" },
    reconcile: "exact",
    identity: "held",
    timeout_seconds: 30,
  },
  bundle: word("bundle"),
  evidence: { digest: word("evidence"), facts: { risk_score: 10, pr: "42" } },
  policy: { id: "auto-low-risk-v2", also: [], epoch: 1 },
  epochs: { global: 1, subject: 0 },
  tier: 1,
  mode: "enforce",
  once: [],
  cnf: { jkt: keys.agent.kid },
};
const input = {
  subject: about.subject,
  action: "deploy",
  service: "checkout",
  region: "us-east-1",
  context: { risk: 10, freeze: false },
};
const asked = { subject: about.subject, jkt: keys.agent.kid, idempotency_key: "0123456789abcdef", op: word("op") };
const order = {
  token: "eyJhbGciOiJFZDI1NTE5In0.e30.AAAA",
  kid: keys.alice.kid,
  operator: "alice",
  id: id("o"),
  reason: "why",
  clock_ms: now * 1000,
};
const fenced = { fence: 3, take_seq: 41 };

/** One body of each kind, without `ver`. */
const bodies = {
  boot: { previous: { boot: 1, seq: 4, digest: word("head") }, torn_bytes: 0 },
  close: {},
  refusal: {
    code: "expired",
    request_id: id("r"),
    step: "window",
    steps: ["token", "window"],
    detail: "closed",
    facts: { at: 1 },
  },
  "refusal-counts": { from_ms: 1, to_ms: 1001, counts: { token_malformed: 25 } },
  issued: {
    request: id("r"),
    cert_id: id("c"),
    ...asked,
    proposal: word("proposal"),
    pending: null,
    claims: certificate,
    payload: word("payload"),
    policy_input: input,
    reasons: [],
  },
  pending: {
    request: id("p"),
    asked: id("r"),
    ...asked,
    action: "deploy",
    resource,
    scope: { max_replicas: 30 },
    proposal: word("proposal"),
    contract: word("contract"),
    tier: 2,
    bundle: word("bundle"),
    expires: now + 3600,
    needed: 1,
    volatile: { risk: 50, freeze: false },
    policy_input: input,
    reasons: ["many replicas"],
  },
  approval: {
    request: id("p"),
    jti: id("a"),
    approver: "carol",
    kid: keys.carol.kid,
    exp: now + 600,
    approval: "eyJhbGciOiJFZDI1NTE5In0.e30.AAAA",
  },
  denied: {
    request: id("r"),
    ...asked,
    code: "policy_denied",
    step: "policy",
    action: "deploy",
    service: "checkout",
    region: "us-east-1",
    tier: 1,
  },
  decision: {
    cert_id: id("c"),
    request_id: id("r"),
    ...about,
    parameters: { replicas: 7 },
    policy: "auto-low-risk-v2",
    tier: 1,
    certificate,
    signer_kid: keys.signer.kid,
    op: word("op"),
    ...fenced,
    generation: 1,
    target_version: "9f1e2d",
    ceilings: word("ceilings"),
    targets: word("targets"),
    steps: ["token", "take"],
  },
  outcome: {
    cert_id: id("c"),
    ...about,
    policy: "auto-low-risk-v2",
    state: "executed",
    code: null,
    detail: "",
    result: { commit: "9f1e2d" },
    by: "broker",
    ...fenced,
    recall_seq: null,
    identity: "held:git:gitops",
  },
  recall: {
    cert_id: id("c"),
    subject: about.subject,
    code: "revoked_certificate",
    ...fenced,
    recall_seq: 42,
    target: "fenced",
  },
  takeover: { cert_id: id("c"), ...fenced, from_broker: "broker-2", from_boot: 1 },
  resolution: { cert_id: id("c"), operator: "alice", order: order.token, state: "not_executed" },
  verification: {
    verdict: "would_refuse",
    code: "expired",
    step: "window",
    cert_id: id("c"),
    checked: ["token"],
    not_checked: ["take"],
    request_id: id("r"),
    ...about,
    policy: "auto-low-risk-v2",
    mode: "enforce",
  },
  order: {
    ...order,
    order: { do: "revoke", target: { kind: "certificate", value: id("c") } },
    stage: "applied",
    until: now + 600,
  },
  activation: {
    ...order,
    order: { do: "activate", bundle: word("bundle"), wire: 1 },
    first: id("o", "b"),
    bundle: word("bundle"),
    policies: ["auto-low-risk-v2"],
  },
  rebuild: {
    reason: "store_empty",
    clock_ms: 1,
    run_id: "d3adb33f",
    generation: 1,
    seq: 1,
    epochs: { global: 1, subject: {}, policy: {} },
    adopted: [],
  },
};

function bodyCases() {
  const valid = Object.entries(bodies).flatMap(([kind, body]) => [
    { kind, name: `${kind}`, about: "As it is written.", body: { ver: 1, ...body } },
    { kind, name: `${kind}-without-ver`, about: "As commit f5082e2 wrote it.", body },
    {
      kind,
      name: `${kind}-member-more`,
      about: "With a member of a later version.",
      body: { ver: 1, ...body, later: { any: 1 } },
    },
  ]);
  const deep = structuredClone(bodies.decision);
  deep.certificate.contract.later = true;
  valid.push({
    kind: "decision",
    name: "decision-member-more-inside",
    about: "In the contract.",
    body: { ver: 1, ...deep },
  });
  const { wire: _wire, ...oldOrder } = bodies.activation.order;
  valid.push({
    kind: "activation",
    name: "activation-without-wire",
    about: "Of commit f5082e2.",
    body: { ...bodies.activation, order: oldOrder },
  });
  const bad = (kind, name, pointer, about, change) => ({
    kind,
    name,
    about,
    pointer,
    body: { ver: 1, ...bodies[kind], ...change },
  });
  const invalid = [
    ...Object.keys(bodies).map((kind) => bad(kind, `${kind}-ver-2`, "/ver", "A ver that is not known.", { ver: 2 })),
    bad("outcome", "outcome-state", "/state", "No outcome has this state.", { state: "decided" }),
    bad("outcome", "outcome-fence", "/fence", "Without a fence.", { fence: undefined }),
    bad("takeover", "takeover-cert-id", "/cert_id", "No certificate id.", { cert_id: "c_1" }),
    bad("refusal-counts", "refusal-counts-key", "/counts/?", "A map's key that is no code.", {
      counts: { "no code": 1 },
    }),
    bad("order", "order-stage", "/stage", "An unknown stage.", { stage: "perhaps" }),
  ];
  return { valid, invalid };
}

/** Chains of `broker-1`: boot, decision, outcome, close; boot, takeover, close. */
function chains({ token }) {
  const records = [
    [1, "boot", { previous: null, torn_bytes: 0 }],
    [1, "decision", bodies.decision],
    [1, "outcome", bodies.outcome],
    [1, "close", {}],
    [2, "boot", undefined],
    [2, "takeover", { ...bodies.takeover, later: 1 }],
    [2, "of-a-later-version", { anything: true }],
    [2, "close", {}],
  ];
  /** Lines of a chain; `change` may alter claims before they are signed. */
  function build(change = (claims) => claims) {
    const lines = [];
    for (const [seq, [boot, kind, given]] of records.entries()) {
      const prev = seq === 0 ? GENESIS : digestOf(lines[seq - 1]);
      const body = given ?? { previous: { boot: boot - 1, seq: seq - 1, digest: prev }, torn_bytes: 0 };
      const claims = {
        ver: 1,
        writer: "broker-1",
        boot,
        seq,
        prev,
        at_ms: (now + seq) * 1000,
        kind,
        body: { ver: 1, ...body },
      };
      lines.push(token(keys.record, "seb-record+jws", change(claims)));
    }
    return lines;
  }
  const headAt = (lines, seq) => ({
    writer: "broker-1",
    boot: seq < 4 ? 1 : 2,
    seq,
    digest: digestOf(lines[seq]),
    at_ms: (now + seq) * 1000,
  });
  const good = build();
  const heads = [headAt(good, 2), headAt(good, 7)];
  const valid = [
    { name: "two-boots", about: "Closed twice, its end copied.", verdict: "verified", lines: good, heads },
  ];
  valid.push({
    name: "no-heads",
    about: "Nothing proves the end.",
    verdict: "tail_not_proved",
    lines: good,
    heads: [],
  });
  const broken = (name, about, lines, what, line, more = heads) => ({ name, about, what, line, lines, heads: more });
  const other = build((claims) => (claims.seq === 2 ? { ...claims, at_ms: claims.at_ms + 1 } : claims));
  const invalid = [
    broken(
      "line-gone",
      "The outcome is missing.",
      good.filter((_, at) => at !== 2),
      "missing",
      3,
    ),
    broken("exchanged", "Another signed outcome in its place.", good.with(2, other[2]), "head_mismatch", 3),
    broken("link", "The same, without a head that names it.", good.with(2, other[2]), "link", 4, [headAt(good, 7)]),
    broken("doubled", "A line twice.", [...good.slice(0, 3), good[2], ...good.slice(3)], "out_of_order", 4),
    broken("cut", "The last line is gone, and a head names it.", good.slice(0, 7), "head_missing", 8),
    broken("edited", "One byte of a payload.", good.with(1, good[1].replace("eyJ2ZXI", "eyJ2ZXM")), "not_a_record", 2),
    broken(
      "boot-names-another",
      "A boot that names another head.",
      build((claims) =>
        claims.seq === 4
          ? { ...claims, body: { ver: 1, previous: { boot: 1, seq: 3, digest: GENESIS }, torn_bytes: 0 } }
          : claims,
      ),
      "boot",
      5,
      [],
    ),
    broken(
      "body",
      "A takeover without a fence.",
      build((claims) => (claims.seq === 5 ? { ...claims, body: { ...claims.body, fence: undefined } } : claims)),
      "body",
      6,
      [],
    ),
  ];
  return { valid, invalid };
}

export const records = (made) => ({ bodies: bodyCases(), chains: chains(made) });

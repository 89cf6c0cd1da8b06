import { createHash } from "node:crypto";
import { withPart } from "./forge.mjs";
import { broker, environment, keys, now } from "./keys.mjs";

const digest = (word) => `sha256:${createHash("sha256").update(word).digest("hex")}`;
const resource = "service:checkout/region:us-east-1";

const observation = {
  ver: 1,
  iss: broker,
  aud: broker,
  sub: "agent:oncall-v3",
  iat: now,
  exp: now + 60,
  bundle: digest("bundle"),
  action: "deploy",
  resource,
  state: {
    target: "gitops",
    uid: "5b8a3c",
    version: "9f1e2d",
    fields: { image: digest("image"), replicas: digest("replicas") },
    values: { image: "registry.example/checkout@sha256:aa" },
    previous: {},
    precondition: { "blob:apps/checkout/deployment.yaml": "3b18e512dba79e4c8300dd08aeb37f8e728b8dad" },
  },
};
const status = {
  ver: 1,
  iss: "revocation:vectors",
  aud: environment,
  seq: 41,
  issued_at_ms: now * 1000 + 250,
  epochs: { global: 7, subject: { "agent:oncall-v3": 1 }, policy: { "auto-low-risk-v2": 3 } },
  bundle: digest("bundle"),
  generation: 2,
  run_id: "d3adb33f",
};
const record = {
  ver: 1,
  writer: "broker-1",
  boot: 3,
  seq: 118,
  prev: digest("previous line"),
  at_ms: now * 1000,
  kind: "decision",
  body: { cert_id: "c_aaaaaaaaaaaaaaaaaaaaaaaaaa", allowed: true, steps: ["token", "signature"] },
};
const order = {
  ver: 1,
  jti: "o_aaaaaaaaaaaaaaaaaaaaaaaaaa",
  aud: environment,
  sub: "alice",
  iat: now,
  exp: now + 300,
  order: { do: "revoke", target: { kind: "subject", value: "agent:oncall-v3" } },
  reason: "leaked key",
};
const approval = {
  ver: 1,
  jti: "a_aaaaaaaaaaaaaaaaaaaaaaaaaa",
  aud: environment,
  sub: "carol",
  iat: now,
  exp: now + 3600,
  request: "r_aaaaaaaaaaaaaaaaaaaaaaaaaa",
  proposal: digest("proposal"),
  contract: digest("contract"),
  tier: 2,
  bundle: digest("bundle"),
};

/** How each kind is read: its typ, its audience and its oldest age. */
export const kinds = {
  observation: { typ: "seb-observation+jws", audience: broker, max_age_seconds: 60 },
  status: { typ: "seb-status+jws", audience: environment },
  record: { typ: "seb-record+jws" },
  order: { typ: "seb-order+jws", audience: environment, max_lifetime_seconds: 600 },
  approval: { typ: "seb-approval+jws", audience: environment },
};

export function others({ token }) {
  const valid = [];
  const invalid = [];
  const good = (kind, name, about, made, at = now) => valid.push({ kind, name, about, now: at, token: made });
  const bad = (kind, code, name, about, made, more = {}) =>
    invalid.push({ kind, name, about, now, code, ...more, token: made });
  const make = (kind, by, claims) => (changes) => token(by, kinds[kind].typ, { ...claims, ...changes });

  // Signed text that was changed behind the signature's back.
  const changed = (token, from, to) => {
    const text = Buffer.from(token.split(".")[1], "base64url").toString("utf8");
    return withPart(token, 1, Buffer.from(text.replace(from, to)).toString("base64url"));
  };

  const seen = make("observation", keys.observer, observation);
  good("observation", "observation", "A broker's observation.", seen());
  good("observation", "observation-last-moment", "Just before exp.", seen(), now + 59.999);
  const unseen = (cause, name, about, made) => bad("observation", "observation_invalid", name, about, made, { cause });
  unseen("issuer_wrong", "observation-issuer", "iss is not the owner of the key.", seen({ iss: "broker:other" }));
  unseen("audience_wrong", "observation-audience", "For another environment.", seen({ aud: "broker:elsewhere" }));
  unseen(
    "token_typ_not_allowed",
    "observation-typ",
    "A certificate's typ.",
    token(keys.observer, "seb-cert+jwt", observation),
  );
  unseen(
    "token_key_unknown",
    "observation-by-signer",
    "Signed by the signer.",
    make("observation", keys.signer, observation)(),
  );
  unseen("issued_in_future", "observation-future", "Made in the future.", seen({ iat: now + 3 }));
  unseen("lifetime_too_long", "observation-life", "Meant to live for 61 s.", seen({ exp: now + 61 }));
  unseen("token_claims_invalid", "observation-state", "Without the live state.", seen({ state: undefined }));
  unseen(
    "token_signature_invalid",
    "observation-changed",
    "The version was changed.",
    changed(seen(), "9f1e2d", "9f1e2e"),
  );
  bad("observation", "observation_expired", "observation-expired", "At exp.", seen(), { now: now + 60 });

  const stand = make("status", keys.status, status);
  good("status", "status", "A signed status.", stand());
  good("status", "status-without-bundle", "No bundle is active.", stand({ bundle: null }));
  bad(
    "status",
    "token_key_unknown",
    "status-by-signer",
    "Signed by the signer.",
    make("status", keys.signer, status)(),
  );
  bad(
    "status",
    "issuer_wrong",
    "status-issuer",
    "iss is not the owner of the key.",
    stand({ iss: "revocation:other" }),
  );
  bad("status", "audience_wrong", "status-audience", "For another environment.", stand({ aud: "env:elsewhere" }));
  bad(
    "status",
    "token_claims_invalid",
    "status-negative",
    "A negative epoch.",
    stand({ epochs: { ...status.epochs, global: -1 } }),
  );
  bad(
    "status",
    "token_key_expired",
    "status-before-key",
    "Issued before its key was valid.",
    stand({ issued_at_ms: 1000 }),
  );

  bad(
    "status",
    "audience_wrong",
    "status-elsewhere",
    "An honest status of another environment.",
    token(keys["status-elsewhere"], kinds.status.typ, { ...status, iss: "revocation:elsewhere", aud: "env:elsewhere" }),
  );
  bad(
    "status",
    "audience_wrong",
    "status-key-elsewhere",
    "Another environment's key for this one.",
    token(keys["status-elsewhere"], kinds.status.typ, { ...status, iss: "revocation:elsewhere" }),
  );
  bad(
    "status",
    "token_signature_invalid",
    "status-changed",
    "An epoch was lowered.",
    changed(stand(), '"global":7', '"global":6'),
  );

  const line = make("record", keys.record, record);
  good("record", "record", "One link of a chain.", line());
  good(
    "record",
    "record-es256",
    "The same from a P-256 key.",
    token(keys["record-es256"], kinds.record.typ, { ...record, writer: "signer-1" }),
  );
  good(
    "record",
    "record-outlives-key",
    "Written while a key was valid that is not valid now.",
    token(keys["record-past"], kinds.record.typ, { ...record, writer: "broker-2", at_ms: (now - 86_401) * 1000 }),
  );
  bad(
    "record",
    "token_key_expired",
    "record-after-key",
    "Written after the end of its key.",
    token(keys["record-past"], kinds.record.typ, { ...record, writer: "broker-2" }),
  );
  bad(
    "record",
    "issuer_wrong",
    "record-other-writer",
    "Written by another instance's key.",
    line({ writer: "broker-2" }),
  );
  bad("record", "token_claims_invalid", "record-seq", "The sequence is text.", line({ seq: "118" }));
  bad("record", "token_typ_not_allowed", "record-typ", "A status.", stand());

  bad(
    "record",
    "token_signature_invalid",
    "record-changed",
    "A decision was turned round.",
    changed(line(), "true", "false"),
  );

  const asked = make("order", keys.alice, order);
  good("order", "order", "An operator revokes an agent.", asked());
  good(
    "order",
    "order-longest",
    "Of the longest life, by a P-256 key.",
    make("order", keys.bob, order)({ sub: "bob", exp: now + 600 }),
  );
  bad("order", "lifetime_too_long", "order-life", "601 s.", asked({ exp: now + 601 }));
  bad("order", "expired", "order-expired", "At exp.", asked(), { now: now + 300 });
  bad("order", "issued_in_future", "order-future", "Given in the future.", asked({ iat: now + 3 }));
  bad("order", "issuer_wrong", "order-other-operator", "In another operator's name.", asked({ sub: "bob" }));
  bad("order", "audience_wrong", "order-audience", "For another environment.", asked({ aud: "env:elsewhere" }));
  bad(
    "order",
    "order_invalid",
    "order-unknown",
    "An order that does not exist.",
    asked({ order: { do: "obey", target: { kind: "everything", value: "*" } } }),
  );
  bad(
    "order",
    "order_invalid",
    "order-wildcard",
    "A subject cannot be a wildcard.",
    asked({ order: { do: "revoke", target: { kind: "subject", value: "*" } } }),
  );
  bad("order", "token_key_unknown", "order-by-signer", "Signed by the signer.", make("order", keys.signer, order)());

  bad(
    "order",
    "token_signature_invalid",
    "order-changed",
    "Another agent is named.",
    changed(asked(), "oncall-v3", "oncall-v4"),
  );

  const agreed = make("approval", keys.carol, approval);
  good("approval", "approval", "A person approves a request.", agreed());
  const refused = (cause, name, about, made, more = {}) =>
    bad("approval", "approval_invalid", name, about, made, { cause, ...more });
  refused("token_key_unknown", "approval-by-agent", "Signed by an agent.", make("approval", keys.agent, approval)());
  refused("issuer_wrong", "approval-other-person", "In another person's name.", agreed({ sub: "dave" }));
  refused("audience_wrong", "approval-audience", "For another environment.", agreed({ aud: "env:elsewhere" }));
  refused("expired", "approval-expired", "At exp.", agreed(), { now: now + 3600 });
  refused("token_claims_invalid", "approval-digest", "The contract is no digest.", agreed({ contract: "yes" }));
  refused(
    "token_signature_invalid",
    "approval-changed",
    "Another tier is approved.",
    changed(agreed(), '"tier":2', '"tier":3'),
  );
  refused("token_typ_not_allowed", "approval-typ", "An order.", token(keys.carol, kinds.order.typ, approval));
  refused("issued_in_future", "approval-future", "Given in the future.", agreed({ iat: now + 3 }));
  refused("token_claims_invalid", "approval-empty-window", "exp equals iat.", agreed({ exp: now }));
  return { valid, invalid };
}

import { alone, always, becomes, drop, mutantsOf, never, REAL, text } from "./mutant.mjs";

const noReplay = becomes(
  "apps/broker/src/admission/admit.ts",
  "admit",
  "checkReplay(broker, claims, presented)",
  "ok(undefined)",
);
const noUsed = never(
  "packages/authority/src/admit.ts",
  "checkSingleUse",
  "state.used.has(id) || state.open.has(id) || state.executions.has(id)",
);
const noBusy = always("packages/authority/src/admit.ts", "checkResource", "holder === undefined");
const noMarker = drop(
  "packages/connector-git/src/execute.ts",
  "attemptOnce",
  "if (marker !== undefined) return byMarker(mirror, objects, job, seen.value, access);",
);
const noState = never("apps/broker/src/admission/state.ts", "checkState", "drifted.length > 0");
const noBlob = never("packages/connector-git/src/execute.ts", "build", "files.value.get(path)?.oid !== oid");
const anyRange = becomes(
  "packages/catalogue/src/instantiate.ts",
  "instantiate",
  "!isIn(range, value)",
  "value === undefined",
);
const noAdmits = becomes(
  "apps/broker/src/admission/contract.ts",
  "checkContract",
  "admits(definition, claims.scope, request.parameters)",
  "ok(undefined)",
);
const noCompare = never(
  "apps/broker/src/admission/contract.ts",
  "checkContract",
  "!sameJson(compiled.value, claims.contract)",
);

export const ADMISSION = [
  ...mutantsOf("a-certified-change-really-happens", [
    [
      "the commit changes nothing",
      "only",
      becomes("packages/connector-git/src/execute.ts", "build", "editFile(text, edit)", "{ ok: true, value: text }"),
    ],
    [
      "the commit names no certificate",
      "only",
      becomes("packages/connector-git/src/session.ts", "readPlan", "CERTIFICATE_TRAILER", '"Reviewed-By"'),
    ],
    [
      "the journal forgets idempotency keys",
      "only",
      becomes(
        "apps/signer/src/issuance/enter.ts",
        "enter",
        "signer.journal.state.keyUse(subject, key.value)",
        "undefined",
      ),
    ],
  ]),
  ...mutantsOf("without-a-record-nothing-happens", [
    [
      "a decision that could not be recorded is carried out all the same",
      "decision",
      becomes(
        "apps/broker/src/execution/execute.ts",
        "decide",
        "lost = !appended.ok",
        "if (!appended.ok) Object.assign(appended, { ok: true, value: { at_ms: 0 } })",
      ),
    ],
    [
      "the broker answers a verification that it could not record",
      "verification",
      drop("apps/broker/src/routes/post-verifications.ts", "verify", "if (recorded) return recorded;"),
    ],
    [
      "the signer signs what it could not journal",
      "journal",
      becomes(
        "apps/signer/src/issuance/seal.ts",
        "journal",
        "recorded.ok ? ok(Journalled.after(prepared)) : recorded",
        "ok(Journalled.after(prepared))",
      ),
    ],
    [
      "the signer goes on without having stored the evidence",
      "evidence",
      becomes(
        "apps/signer/src/issuance/grant.ts",
        "storeEvidence",
        "return stored;",
        "return { ok: true, value: digestBytes(bytes) };",
      ),
    ],
    [
      "the revocation service obeys an order that it could not record",
      "order",
      drop("apps/revocation/src/journal/journal.ts", "Journal.commit", "if (!recorded.ok) return recorded;"),
    ],
    [
      "nobody minds a sink that fails",
      "all",
      never("packages/records/src/group-writer.ts", "GroupWriter.#writeGroup", "!written.ok"),
    ],
  ]),
  ...mutantsOf("a-certificate-works-once", [
    [
      "the state of an earlier presentation is not looked up",
      "replay",
      noReplay,
      { filter: "refuses another operation|answers the same operation" },
    ],
    ["take does not look at used ids", "take", noUsed, alone("another presentation used")],
    [
      "take in Redis does not look at used ids",
      "take, in Redis",
      never(
        "packages/authority/src/redis/lua/admit.ts",
        "check_single_use",
        text(
          'redis.call("ZSCORE", used, id) or redis.call("HEXISTS", open, id) == 1 or redis.call("HEXISTS", executions, id) == 1',
        ),
      ),
      { ...alone("another presentation used"), ...REAL },
    ],
    ["two executions may be open on one resource", "lease", noBusy, alone("a second certificate")],
    [
      "two executions may be open on one resource in Redis",
      "lease, in Redis",
      becomes("packages/authority/src/redis/lua/admit.ts", "check_resource", text("if holder then"), "if false then"),
      { ...alone("a second certificate"), ...REAL },
    ],
    ["the target's marker is not looked at", "marker", noMarker, alone("the marker of the certificate")],
    [
      "nobody remembers used certificates",
      "all",
      [noReplay, noUsed, noBusy, noMarker],
      { filter: "answers the same|refuses another|exactly one of 40" },
    ],
    [
      "an entry of an earlier boot is never taken over",
      "reconciler",
      never(
        "apps/broker/src/execution/reconcile.ts",
        "reconcileAll",
        "entry.broker === config.instance && entry.boot < broker.chain.boot",
      ),
      { filter: "killed after take" },
    ],
    [
      "the reconciler does not ask the target",
      "reconciler",
      becomes(
        "apps/broker/src/execution/reconcile.ts",
        "endingOf",
        "await connector.reconcile(claims.jti, claims.contract, signal)",
        '{ ok: true, value: { state: "not_executed" } }',
      ),
      { filter: "killed after execute" },
    ],
  ]),
  ...mutantsOf("a-request-that-differs-from-the-contract-is-refused", [
    ["the certified contract is not compared with the bundle's", "compile", noCompare, alone("does not compile to")],
    ["the restated parameters are not held to the scope", "admits", noAdmits],
    ["the operation is filled beyond the contract's range", "instantiate", anyRange, alone("beyond the contract")],
    ["parameters are held to nothing", "all", [noCompare, noAdmits, anyRange]],
    [
      "the request may name another action",
      "action",
      never("apps/broker/src/admission/contract.ts", "checkContract", "request.action !== claims.action"),
    ],
    [
      "the request may name another resource",
      "resource",
      never("apps/broker/src/admission/contract.ts", "checkContract", "request.resource !== claims.resource"),
    ],
    [
      "bodies may hold more than their schema",
      "schema",
      becomes(
        "packages/service-kit/src/body.ts",
        "readBody",
        'validate(schema, parsed.value, "request_invalid")',
        "parsed",
      ),
    ],
  ]),
  ...mutantsOf("state-that-drifted-is-not-written", [
    ["the broker does not compare the state", "state", noState, { filter: "certified file changed in between" }],
    ["the connector does not compare the blobs", "blob", noBlob, { filter: "after the last look" }],
    [
      "the branch is overwritten",
      "push",
      becomes("packages/connector-git/src/remote.ts", "push", "...leases", '"--force"'),
      { filter: "racing commits" },
    ],
    [
      "nobody compares the state",
      "all",
      [noState, noBlob],
      { filter: "certified file changed in between|after the last look" },
    ],
  ]),
  ...mutantsOf("a-stolen-signer-key-meets-the-ceilings", [
    [
      "the broker takes any conditions for those of the action",
      "language",
      never("apps/broker/src/admission/contract.ts", "checkContract", "!certifiable.ok"),
      { filter: "not the conditions of this action" },
    ],
    [
      "no ceiling for actions",
      "actions",
      never("apps/broker/src/admission/ceilings.ts", "checkCeilings", "!ceilings.actions.includes(claims.action)"),
    ],
    [
      "no ceiling for resources",
      "resources",
      never(
        "apps/broker/src/admission/ceilings.ts",
        "checkCeilings",
        "!ceilings.resources.some((pattern)=>matchesPattern(pattern, claims.resource))",
      ),
    ],
    [
      "no ceiling for subjects",
      "subjects",
      never(
        "apps/broker/src/admission/ceilings.ts",
        "checkCeilings",
        '!ceilings.subjects.some((pattern)=>pattern === claims.sub || pattern === "agent:*")',
      ),
    ],
    [
      "no ceiling for tiers",
      "tier",
      never("apps/broker/src/admission/ceilings.ts", "checkCeilings", "claims.tier > ceilings.max_tier"),
    ],
    [
      "no ceiling for lifetimes",
      "lifetime",
      never(
        "apps/broker/src/admission/ceilings.ts",
        "checkCeilings",
        "claims.exp - claims.iat > ceilings.max_lifetime_seconds",
      ),
    ],
    [
      "no ceiling for executions per hour",
      "rate",
      always("packages/authority/src/admit.ts", "checkCeilings", "count < limit"),
    ],
    [
      "no ceiling for executions per hour in Redis",
      "rate, in Redis",
      never("packages/authority/src/redis/lua/admit.ts", "check_ceilings", text("count >= ceiling.limit")),
      { filter: "of one resource in an hour", ...REAL },
    ],
    [
      "the tier is believed",
      "tier",
      never("apps/broker/src/admission/contract.ts", "checkContract", "claims.tier < tier"),
    ],
    [
      "any policy's name is believed",
      "policy",
      never("apps/broker/src/admission/contract.ts", "checkContract", "!policyIds(bundle).includes(claims.policy.id)"),
    ],
    [
      "no ceilings at all",
      "all",
      [
        drop(
          "apps/broker/src/admission/admit.ts",
          "admit",
          'await step("ceilings", ()=>checkCeilings(broker.ceilings, claims));',
        ),
        always("packages/authority/src/admit.ts", "checkCeilings", "count < limit"),
      ],
    ],
  ]),
  ...mutantsOf("shadow-changes-nothing", [
    [
      "a shadow certificate executes",
      "claims",
      never("apps/broker/src/admission/admit.ts", "admit", 'read.value.mode === "shadow" && !mode.shadow'),
    ],
    [
      "a verification takes",
      "peek",
      becomes("apps/broker/src/routes/post-verifications.ts", "verify", "broker.store.peek", "broker.store.take"),
    ],
    [
      "a verification leaves no record",
      "record",
      becomes(
        "apps/broker/src/routes/post-verifications.ts",
        "record",
        "broker.chain.append",
        "(async ()=>({ ok: true }))",
      ),
    ],
    [
      "an agent may raise the mode",
      "mode",
      becomes("apps/signer/src/issuance/plan.ts", "plan", "modeOf(bundle, body.action, body.service)", '"enforce"'),
    ],
    [
      "a shadow certificate executes and a verification takes",
      "all",
      [
        never("apps/broker/src/admission/admit.ts", "admit", 'read.value.mode === "shadow" && !mode.shadow'),
        becomes("apps/broker/src/routes/post-verifications.ts", "verify", "broker.store.peek", "broker.store.take"),
      ],
    ],
  ]),
];

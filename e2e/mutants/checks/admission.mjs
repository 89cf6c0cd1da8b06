import { alone, edit, mutantsOf } from "./mutant.mjs";

const BROKER = "apps/broker/dist";
const ADMIT = `${BROKER}/admission/admit.js`;
const CONTRACT = `${BROKER}/admission/contract.js`;
const GUARD = `${BROKER}/execution/guard.js`;
const STORE_ADMIT = "packages/authority/dist/admit.js";
const GIT_EXECUTE = "packages/connector-git/dist/execute.js";

const USED = "if (state.used.has(id) || state.open.has(id) || state.executions.has(id)) return";
const REPLAY = 'await step("replay", ()=>checkReplay(broker, claims, presented));';
const BUSY = "if (holder === undefined) return ok(undefined);";
const COMPARE = "if (!sameJson(compiled.value, claims.contract)) return";
const ADMITS = "const within = admits(definition, claims.scope, request.parameters);";
const RANGE = "if (!isIn(range, value)) {";
const STATE = "if (drifted.length > 0) {";
const BLOB = "if (files.value.get(path)?.oid !== oid) return";
const MARKER = "if (marker !== undefined) return byMarker(mirror, objects, job, seen.value, access);";
const noReplay = edit(ADMIT, REPLAY, 'await step("replay", ()=>ok(undefined));');
const noUsed = edit(STORE_ADMIT, USED, "if (false) return");
const noBusy = edit(STORE_ADMIT, BUSY, "if (true) return ok(undefined);");
const noMarker = edit(GIT_EXECUTE, MARKER, "");
const noState = edit(`${BROKER}/admission/state.js`, STATE, "if (false) {");
const noBlob = edit(GIT_EXECUTE, BLOB, "if (false) return");
const anyRange = edit("packages/catalogue/dist/instantiate.js", RANGE, "if (value === undefined) {");
const noAdmits = edit(CONTRACT, ADMITS, "const within = ok(undefined);");
const noCompare = edit(CONTRACT, COMPARE, "if (false) return");
const noPolicy = edit(ADMIT, "return standing.ok ? view : standing;", "return view;");
const noView = edit(ADMIT, "return standing.ok ? pin : standing;", "return pin;");
const noTake = edit(STORE_ADMIT, "()=>checkView(view, request),", "()=>ok(undefined),");
const noGuard = edit(GUARD, "if (!standing.ok) return standing;", "");
const noRecall = edit(GUARD, 'if (running.recalled) return fail("recalled"', 'if (false) return fail("recalled"');
const noRecalling = edit(
  `${BROKER}/execution/recall.js`,
  "return standing.ok || running.recalled ? [] : [",
  "return true ? [] : [",
);

export const ADMISSION = [
  ...mutantsOf("a-certified-change-really-happens", [
    [
      "the commit changes nothing",
      "only",
      edit(
        "packages/connector-git/dist/execute.js",
        "const edited = editFile(text, edit);",
        "const edited = { ok: true, value: text };",
      ),
    ],
    [
      "the commit names no certificate",
      "only",
      edit("packages/connector-git/dist/session.js", "const trailers = ", 'const trailers = "" && '),
    ],
    [
      "the journal forgets idempotency keys",
      "only",
      edit(
        "apps/signer/dist/issuance/enter.js",
        "const use = signer.journal.state.keyUse(subject, key.value);",
        "const use = undefined;",
      ),
    ],
  ]),
  ...mutantsOf("without-a-record-nothing-happens", [
    [
      "a decision that could not be recorded is carried out all the same",
      "decision",
      edit(
        `${BROKER}/execution/execute.js`,
        "lost = !appended.ok;",
        "if (!appended.ok) Object.assign(appended, { ok: true, value: { at_ms: 0 } });",
      ),
    ],
    [
      "the broker answers a verification that it could not record",
      "verification",
      edit(`${BROKER}/routes/post-verifications.js`, "if (recorded) return recorded;", ""),
    ],
    [
      "the signer signs what it could not journal",
      "journal",
      edit(
        "apps/signer/dist/issuance/seal.js",
        "return recorded.ok ? ok(Journalled.after(prepared)) : recorded;",
        "return ok(Journalled.after(prepared));",
      ),
    ],
    [
      "the signer goes on without having stored the evidence",
      "evidence",
      edit("apps/signer/dist/issuance/grant.js", "return stored;", "return { ok: true, value: digestBytes(bytes) };"),
    ],
    [
      "the revocation service obeys an order that it could not record",
      "order",
      edit("apps/revocation/dist/journal/journal.js", "if (!recorded.ok) return recorded;", ""),
    ],
    [
      "nobody minds a sink that fails",
      "all",
      edit("packages/records/dist/group-writer.js", "if (!written.ok) {", "if (false) {"),
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
    ["two executions may be open on one resource", "lease", noBusy, alone("a second certificate")],
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
      edit(
        `${BROKER}/execution/reconcile.js`,
        "const ownEarlier = entry.broker === config.instance",
        "const ownEarlier = false",
      ),
      { filter: "killed after take" },
    ],
    [
      "the reconciler does not ask the target",
      "reconciler",
      edit(
        `${BROKER}/execution/reconcile.js`,
        "const said = await connector.reconcile(claims.jti, claims.contract, signal);",
        'const said = { ok: true, value: { state: "not_executed" } };',
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
      edit(CONTRACT, "if (request.action !== claims.action) return", "if (false) return"),
    ],
    [
      "the request may name another resource",
      "resource",
      edit(CONTRACT, "if (request.resource !== claims.resource) {", "if (false) {"),
    ],
    [
      "bodies may hold more than their schema",
      "schema",
      edit(
        "packages/service-kit/dist/body.js",
        'const valid = validate(schema, parsed.value, "request_invalid");',
        "const valid = ok(parsed.value);",
      ),
    ],
  ]),
  ...mutantsOf("a-revoked-certificate-is-never-admitted", [
    ["the step policy does not look at revocations", "policy", noPolicy],
    ["the step view does not look at revocations", "view", noView],
    ["take does not look at revocations", "take", noTake, alone("a revocation that came after the view")],
    ["the guard does not look at revocations", "guard", noGuard, alone("guard: ")],
    ["open executions are not recalled", "recall", noRecalling],
    ["nobody at the broker looks at revocations", "all", [noPolicy, noView, noTake, noGuard, noRecall, noRecalling]],
    [
      "the signer lets in what is revoked",
      "signer, first look",
      edit("apps/signer/dist/issuance/entitle.js", "return standing.ok ? ok({", "return true ? ok({"),
      alone("came after the request was let in"),
    ],
    [
      "the signer does not look again before it issues",
      "signer, last look",
      edit("apps/signer/dist/issuance/grant.js", "if (!standing.ok) return standing;", ""),
      alone("came after the request was let in"),
    ],
    [
      "the signer does not look at revocations",
      "signer, all",
      [
        edit("apps/signer/dist/issuance/entitle.js", "return standing.ok ? ok({", "return true ? ok({"),
        edit("apps/signer/dist/issuance/grant.js", "if (!standing.ok) return standing;", ""),
      ],
    ],
    [
      "the revocation service forgets the orders of its journal",
      "journal",
      edit(
        "apps/revocation/dist/journal/journal.js",
        "for await (const record of chain.history())fold(journal.#ledger, record);",
        'for await (const record of chain.history())if (record.kind !== "order") fold(journal.#ledger, record);',
      ),
      alone("signer: a revocation that came|though the store was lost"),
    ],
    [
      "epochs are not compared",
      "epochs",
      [
        edit(
          `${BROKER}/admission/revocation.js`,
          'if (stale) return fail("epoch_stale"',
          'if (false) return fail("epoch_stale"',
        ),
        edit("packages/authority/dist/view.js", "if (stale !== undefined) {", "if (false) {"),
      ],
    ],
    [
      "a status may be of any age",
      "freshness",
      edit(
        "packages/authority/dist/newest-status.js",
        "if (Math.abs(wallAgeMs) <= this.maxAgeMs && heldMs >= 0 && heldMs <= this.maxAgeMs) return ok(claims);",
        "return ok(claims);",
      ),
    ],
    [
      "one operator may lift",
      "two operators",
      edit(
        "apps/revocation/dist/orders/plan.js",
        "function planLift(ledger, base, target) {",
        'function planLift(ledger, base, target) {\n    return applied({ ...base, stage: "applied", first: "o_aaaaaaaaaaaaaaaaaaaaaaaaaa" });',
      ),
    ],
    [
      "one operator counts as two",
      "two operators",
      edit("apps/revocation/dist/orders/plan.js", "if (waiting.operator !== base.operator) return", "if (true) return"),
    ],
    [
      "activating a bundle raises no policy epoch",
      "activation",
      edit(
        "apps/revocation/dist/orders/plan.js",
        "const policies = await policiesOfBoth(bundles, bundle.value, ledger.bundle);",
        "const policies = [];",
      ),
    ],
  ]),
  ...mutantsOf("state-that-drifted-is-not-written", [
    ["the broker does not compare the state", "state", noState, { filter: "certified file changed in between" }],
    ["the connector does not compare the blobs", "blob", noBlob, { filter: "after the last look" }],
    [
      "the branch is overwritten",
      "push",
      edit("packages/connector-git/dist/remote.js", "...leases,", '"--force",'),
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
      "no ceiling for actions",
      "actions",
      edit(
        `${BROKER}/admission/ceilings.js`,
        "if (!ceilings.actions.includes(claims.action)) return",
        "if (false) return",
      ),
    ],
    [
      "no ceiling for resources",
      "resources",
      edit(
        `${BROKER}/admission/ceilings.js`,
        "if (!ceilings.resources.some((pattern)=>matchesPattern(pattern, claims.resource))) return",
        "if (false) return",
      ),
    ],
    [
      "no ceiling for subjects",
      "subjects",
      edit(
        `${BROKER}/admission/ceilings.js`,
        'if (!ceilings.subjects.some((pattern)=>pattern === claims.sub || pattern === "agent:*")) return',
        "if (false) return",
      ),
    ],
    [
      "no ceiling for tiers",
      "tier",
      edit(`${BROKER}/admission/ceilings.js`, "if (claims.tier > ceilings.max_tier) return", "if (false) return"),
    ],
    [
      "no ceiling for lifetimes",
      "lifetime",
      edit(
        `${BROKER}/admission/ceilings.js`,
        "if (claims.exp - claims.iat > ceilings.max_lifetime_seconds) return",
        "if (false) return",
      ),
    ],
    ["no ceiling for executions per hour", "rate", edit(STORE_ADMIT, "if (count < limit) continue;", "continue;")],
    ["the tier is believed", "tier", edit(CONTRACT, "if (claims.tier < tier) return", "if (false) return")],
    [
      "any policy's name is believed",
      "policy",
      edit(CONTRACT, "if (!policyIds(bundle).includes(claims.policy.id)) return", "if (false) return"),
    ],
    [
      "no ceilings at all",
      "all",
      [
        edit(ADMIT, 'await step("ceilings", ()=>checkCeilings(ports.ceilings, claims));', ""),
        edit(STORE_ADMIT, "if (count < limit) continue;", "continue;"),
      ],
    ],
  ]),
  ...mutantsOf("shadow-changes-nothing", [
    [
      "a shadow certificate executes",
      "claims",
      edit(ADMIT, 'if (read.value.mode === "shadow" && !mode.shadow) return', "if (false) return"),
    ],
    [
      "a verification takes",
      "peek",
      edit(`${BROKER}/routes/post-verifications.js`, "ports.store.peek(take)", "ports.store.take(take)"),
    ],
    [
      "a verification leaves no record",
      "record",
      edit(
        `${BROKER}/routes/post-verifications.js`,
        'const recorded = await broker.ports.chain.append("verification", {',
        'const recorded = await (async ()=>({ ok: true }))("verification", {',
      ),
    ],
    [
      "an agent may raise the mode",
      "mode",
      edit(
        "apps/signer/dist/issuance/plan.js",
        'const mode = body.mode === "shadow" ? "shadow" : modeOf(bundle, body.action, body.service);',
        'const mode = body.mode === "shadow" ? "shadow" : "enforce";',
      ),
    ],
    [
      "a shadow certificate executes and a verification takes",
      "all",
      [
        edit(ADMIT, 'if (read.value.mode === "shadow" && !mode.shadow) return', "if (false) return"),
        edit(`${BROKER}/routes/post-verifications.js`, "ports.store.peek(take)", "ports.store.take(take)"),
      ],
    ],
  ]),
];

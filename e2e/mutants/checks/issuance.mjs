import { alone, edit, mutantsOf } from "./mutant.mjs";

const SIGNER = "apps/signer/dist";
const VERIFY = "packages/verify-core/dist";

export const ISSUANCE = [
  ...mutantsOf("evidence-that-cannot-be-verified-issues-nothing", [
    [
      "an envelope's signature is not checked",
      "attestation",
      edit(`${SIGNER}/evidence/dsse.js`, "if (holds(root, signed, signature)) return", "if (true) return"),
    ],
    [
      "any root may sign, pinned or not",
      "attestation",
      edit(
        `${SIGNER}/evidence/dsse.js`,
        "if (root.keyid !== keyid || !signature) continue;\n            known = true;\n            if (holds(root, signed, signature)) return",
        "known = true;\n            if (true) return",
      ),
    ],
    [
      "the attested digest is not compared",
      "attestation",
      edit(
        `${SIGNER}/evidence/statement.js`,
        'Object.hasOwn(subject.digest, "sha256") &&',
        'Object.hasOwn(subject.digest, "sha256") ||',
      ),
    ],
    [
      "the attested name is not compared",
      "attestation",
      edit(`${SIGNER}/evidence/statement.js`, "subject.name === name && Object.hasOwn", "Object.hasOwn"),
    ],
    [
      "failed tests count as passed",
      "attestation",
      edit(`${SIGNER}/evidence/attestation.js`, 'passed: result === "PASSED",', "passed: true,"),
    ],
    [
      "an attestation may be of any age",
      "attestation",
      edit(
        `${SIGNER}/evidence/attestation.js`,
        "if (ageMs > input.bundle.thresholds.attestation_max_age_seconds * 1000) return",
        "if (false) return",
      ),
    ],
    [
      "attestations count without any check",
      "all",
      edit(
        `${SIGNER}/evidence/attestation.js`,
        'const verdict = text ? judge(input, text) : refused("the envelope is not base64url");',
        'const verdict = { counts: true, passed: true, root: "ci", finishedOnMs: input.nowMs };',
      ),
    ],
    [
      "an observation's signature is not checked",
      "observation",
      edit(
        `${VERIFY}/observation.js`,
        "const signed = await checkSignature(gated.value, trust, nowSeconds);",
        "const signed = { ok: true, value: { kid: gated.value.kid, claims: gated.value.payload, key: { name: gated.value.payload.iss, aud: gated.value.payload.aud } } };",
      ),
    ],
    [
      "an observation may be of any age",
      "observation",
      edit(`${VERIFY}/observation.js`, "if (!window.ok) return fail", "if (false) return fail"),
    ],
    [
      "an observation may be of another resource, agent or bundle",
      "observation",
      edit(
        `${SIGNER}/issuance/plan.js`,
        'if (differs) return fail("observation_mismatch"',
        'if (false) return fail("observation_mismatch"',
      ),
    ],
    [
      "the window is always open and nothing is frozen",
      "window",
      edit(
        `${SIGNER}/evidence/window.js`,
        "window_open: window !== undefined,\n                freeze: freeze !== undefined",
        "window_open: true,\n                freeze: false",
      ),
    ],
    [
      "every image is the previous one",
      "live state",
      edit(
        `${SIGNER}/evidence/live-state.js`,
        'return Object.hasOwn(previous, "image") && previous.image === artifact.image && values.image !== artifact.image;',
        "return true;",
      ),
    ],
    [
      "an agent's proof can be used again at the signer",
      "possession",
      edit(
        `${SIGNER}/authenticate.js`,
        "const take = ()=>signer.proofs.admit(jkt, jti, iat, nowSeconds, maxAgeSeconds);",
        "const take = ()=>true;",
      ),
      alone("a proof that was used before"),
    ],
    [
      "a person may approve for an agent of their own",
      "approval",
      edit(
        `${SIGNER}/approvals/approvers.js`,
        "const conflict = person.agents.includes(subject) || person.name === owner;",
        "const conflict = false;",
      ),
    ],
    [
      "an approval need not fit the request",
      "approval",
      edit(
        `${SIGNER}/approvals/approve.js`,
        "if (unfit !== undefined || request.issued !== undefined) return",
        "if (false) return",
      ),
    ],
    [
      "an approval's signature is not checked",
      "approval",
      edit(
        `${VERIFY}/approval.js`,
        "if (!await signatureHolds(token, key.value.key, alg)) return",
        "if (false) return",
      ),
    ],
    [
      "one person counts as often as they sign",
      "approval",
      edit(`${SIGNER}/approvals/approve.js`, "if (now.approvals.has(by.name)) return", "if (false) return"),
    ],
  ]),
  ...mutantsOf("policy-that-cannot-be-trusted-issues-nothing", [
    [
      "policies are not held to the schema",
      "validation",
      edit("packages/policy/dist/cedar.js", "if (first !== undefined) return {", "if (false) return {"),
    ],
    [
      "a bundle's own policy tests are not run",
      "tests",
      edit(
        "packages/policy/dist/engine.js",
        "const problem = unadmittedAction(bundle, made.prepared) ?? failingTest(bundle, engine);",
        "const problem = undefined;",
      ),
    ],
    [
      "a bundle's text is not compared with its digest",
      "digest",
      edit(
        "packages/catalogue/dist/bundle.js",
        'if (digest("seb-bundle-v1", read.value) !== expectedDigest) return',
        "if (false) return",
      ),
    ],
    [
      "an agent may ask for any action",
      "registration",
      edit(`${SIGNER}/issuance/entitle.js`, "if (!allowed.ok) return allowed;", ""),
    ],
    [
      "a policy that errs permits",
      "evaluation",
      edit(
        "packages/policy/dist/engine.js",
        'if (answer.kind === "error") return undecided(answer.reasons);',
        'if (answer.kind === "error") return ok({ policies: [...ranks.keys()].slice(0, 1) });',
      ),
    ],
    [
      "one operator may activate another bundle",
      "two operators",
      edit(
        "apps/revocation/dist/orders/plan.js",
        "async function planActivate(ledger, base, digest, bundles) {",
        'async function planActivate(ledger, base, digest, bundles) {\n    if (ledger.bundle !== null) return ok({ kind: "activation", body: { ...base, first: "o_aaaaaaaaaaaaaaaaaaaaaaaaaa", bundle: digest, policies: [] } });',
      ),
    ],
  ]),
  ...mutantsOf("a-person-can-approve-what-only-lacks-people", [
    [
      "nobody needs to approve",
      "only",
      edit(
        `${SIGNER}/issuance/judge.js`,
        "const alone = ask(it, 0, needed);",
        "const alone = ask(it, needed, needed);",
      ),
    ],
    [
      "no approval counts",
      "only",
      edit(
        `${SIGNER}/approvals/count.js`,
        "exp > nowSeconds && keys.get(kid)?.name === approver && !keys.get(kid)?.conflict",
        "false",
      ),
    ],
  ]),
  ...mutantsOf("signer-down-stops-writes-not-reads", [
    [
      "the broker asks the signer before it answers",
      "broker",
      edit(
        "apps/broker/dist/routes/post-executions.js",
        "const certificate = certificateOf(context);",
        'const certificate = await fetch(new URL("/healthz", config.signer_url)).then(()=>certificateOf(context), ()=>({ ok: false, error: { code: "not_ready", detail: "" } }));',
      ),
    ],
    [
      "reads need the signer",
      "broker",
      edit(
        "apps/broker/dist/authenticate.js",
        'if (request.proof === undefined) return fail("proof_missing", "a DPoP header is required");',
        'if (!await fetch(new URL("/healthz", config.signer_url)).then(()=>true, ()=>false)) return fail("not_ready", "");',
      ),
    ],
  ]),
  ...mutantsOf("every-refusal-is-recorded", [
    [
      "the broker records no refusals",
      "broker",
      edit(
        "apps/broker/dist/routes/reply.js",
        "const recorded = await broker.ports.refusals.refuse(more.authentic, failure.code, body);",
        "const recorded = { ok: true };",
      ),
      { filter: "the broker records" },
    ],
    [
      "the signer records no denials",
      "signer",
      edit(`${SIGNER}/issuance/refuse.js`, 'if (failure.code === "approval_pending") return;', "if (true) return;"),
      { filter: "the signer records" },
    ],
    [
      "the revocation service records no refusals",
      "revocation",
      edit(
        "apps/revocation/dist/orders/submit.js",
        "await deadline.race(ports.refusals.refuse(verified !== undefined, failure.code, {",
        "await deadline.race((async ()=>undefined)(verified !== undefined, failure.code, {",
      ),
      { filter: "the revocation service records" },
    ],
    [
      "refusals of the HTTP shell are not counted",
      "shell",
      edit("apps/broker/dist/service.js", "onRefused: (refusal)=>void", "onRefused: (refusal)=>true || void"),
      { filter: "the broker records" },
    ],
    [
      "what is beyond the budget is not counted",
      "counts",
      edit("packages/records/dist/refusals.js", "count(code, 1, clock.nowMs());", ""),
      { filter: "a flood of garbage" },
    ],
    [
      "strangers may fill the log",
      "budget",
      edit("packages/records/dist/refusals.js", "if (authentic || withinBudget()) return", "if (true) return"),
      { filter: "a flood of garbage" },
    ],
    [
      "authentic refusals fall under the budget",
      "budget",
      edit(
        "packages/records/dist/refusals.js",
        "if (authentic || withinBudget()) return",
        "if (withinBudget()) return",
      ),
      alone("however many come"),
    ],
    [
      "nobody records refusals",
      "all",
      edit(
        "packages/records/dist/refusals.js",
        "if (authentic || withinBudget()) return chain.append",
        "return ok({}); if (false) return chain.append",
      ),
    ],
  ]),
  ...mutantsOf("services-restart-in-any-order", [
    [
      "the signer signs before it journals",
      "journal",
      edit(
        `${SIGNER}/issuance/issue.js`,
        'const journalled = await step("journal", ()=>journal(signer, it, verdict, prepared));\n    return finish(signer, step, asked.requestId, journalled, false);',
        'const { Journalled } = await import("./seal.js");\n    const answer = await finish(signer, step, asked.requestId, Journalled.after(prepared), false);\n    await step("journal", ()=>journal(signer, it, verdict, prepared));\n    return answer;',
      ),
      alone("nothing is signed that is not in the journal"),
    ],
    [
      "a restarted store is taken for the same",
      "store",
      [
        edit(
          "apps/revocation/dist/status/publisher.js",
          "if (ledger.generation > 0 && ledger.run_id !== runId) return",
          "if (false) return",
        ),
        edit("packages/authority/dist/admit.js", "if (view.run_id !== state.run_id) return", "if (false) return"),
        edit("packages/authority/dist/admit.js", "if (pin.run_id !== state.run_id) return", "if (false) return"),
      ],
    ],
    [
      "the signer forgets its journal",
      "journal",
      edit(`${SIGNER}/journal/journal.js`, "if (record.value) state.apply(record.value);", ""),
    ],
    [
      "a broker never comes to what an earlier boot left open",
      "reconciler",
      edit(
        "apps/broker/dist/execution/reconcile.js",
        "if (ownEarlier || pin.value.now_ms > entry.deadline_ms) await takeOverEntry(broker, entry);",
        "",
      ),
    ],
  ]),
];

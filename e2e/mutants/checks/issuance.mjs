import { alone, always, becomes, before, drop, mutantsOf, never } from "./mutant.mjs";

export const ISSUANCE = [
  ...mutantsOf("evidence-that-cannot-be-verified-issues-nothing", [
    [
      "an envelope's signature is not checked",
      "attestation",
      always("packages/evidence/src/dsse.ts", "openEnvelope", "holds(root, signed, signature)"),
    ],
    [
      "any root may sign, pinned or not",
      "attestation",
      [
        never("packages/evidence/src/dsse.ts", "openEnvelope", "root.keyid !== keyid || !signature"),
        always("packages/evidence/src/dsse.ts", "openEnvelope", "holds(root, signed, signature)"),
      ],
    ],
    [
      "the attested digest is not compared",
      "attestation",
      always("packages/evidence/src/statement.ts", "isAbout", "`sha256:${subject.digest.sha256}` === digest"),
    ],
    [
      "the attested name is not compared",
      "attestation",
      always("packages/evidence/src/statement.ts", "isAbout", "subject.name === name"),
    ],
    [
      "failed tests count as passed",
      "attestation",
      always("packages/evidence/src/attestation.ts", "judge", 'result === "PASSED"'),
    ],
    [
      "an attestation may be of any age",
      "attestation",
      never(
        "packages/evidence/src/attestation.ts",
        "judge",
        "ageMs > input.bundle.thresholds.attestation_max_age_seconds * 1000",
      ),
    ],
    [
      "attestations count without any check",
      "all",
      becomes(
        "packages/evidence/src/attestation.ts",
        "gather",
        'text ? judge(input, text) : refused("the envelope is not base64url")',
        '{ counts: true, passed: true, root: "ci", finishedOnMs: input.nowMs }',
      ),
    ],
    [
      "an observation's signature is not checked",
      "observation",
      becomes(
        "packages/verify-core/src/observation.ts",
        "verifyObservation",
        "await checkSignature(gated.value, trust, nowSeconds)",
        "{ ok: true, value: { kid: gated.value.kid, claims: gated.value.payload, key: { name: gated.value.payload.iss, aud: gated.value.payload.aud } } }",
      ),
    ],
    [
      "an observation may be of any age",
      "observation",
      never("packages/verify-core/src/observation.ts", "verifyObservation", "!window.ok"),
    ],
    [
      "an observation may be of another resource, agent or bundle",
      "observation",
      never("apps/signer/src/issuance/plan.ts", "plan", "differs"),
    ],
    [
      "the window is always open and nothing is frozen",
      "window",
      [
        becomes(
          "packages/evidence/src/window.ts",
          "deployWindow.gather",
          "window_open: window !== undefined",
          "window_open: true",
        ),
        becomes(
          "packages/evidence/src/window.ts",
          "deployWindow.gather",
          "freeze: freeze !== undefined",
          "freeze: false",
        ),
      ],
    ],
    [
      "every image is the previous one",
      "live state",
      always(
        "packages/evidence/src/live-state.ts",
        "isPreviousImage",
        'Object.hasOwn(previous, "image") && previous.image === artifact.image && values.image !== artifact.image',
      ),
    ],
    [
      "an agent's proof can be used again at the signer",
      "possession",
      always(
        "packages/agents/src/possession.ts",
        "createPossession.verify.spend",
        "seen.admit(jkt, jti, iat, nowSeconds, maxAgeSeconds)",
      ),
      alone("a proof that was used before"),
    ],
    [
      "a person may approve for an agent of their own",
      "approval",
      never(
        "apps/signer/src/approvals/approvers.ts",
        "acceptable",
        "person.agents.includes(subject) || person.name === owner",
      ),
    ],
    [
      "an approval need not fit the request",
      "approval",
      never("apps/signer/src/approvals/approve.ts", "approve", "unfit !== undefined || request.issued !== undefined"),
    ],
    [
      "an approval's signature is not checked",
      "approval",
      never(
        "packages/verify-core/src/approval.ts",
        "verifyApproval",
        "!(await signatureHolds(token, key.value.key, alg))",
      ),
    ],
    [
      "one person counts as often as they sign",
      "approval",
      never("apps/signer/src/approvals/approve.ts", "record", "now.approvals.has(by.name)"),
    ],
  ]),
  ...mutantsOf("policy-that-cannot-be-trusted-issues-nothing", [
    [
      "actions are not held to their connector's language",
      "language",
      drop(
        "packages/catalogue/src/language-check.ts",
        "languageMistakes",
        "for (const found of mistakesIn(definition, places)) yield* told(found, file, places.length);",
      ),
      { filter: "does not understand" },
    ],
    [
      "policies are not held to the schema",
      "validation",
      drop("packages/policy/src/engine.ts", "build", "...invalidPolicies(schema, read.policies)"),
    ],
    [
      "a bundle's own policy tests are not run",
      "tests",
      becomes(
        "packages/policy/src/engine.ts",
        "build",
        "failingTests(bundle, engine, new Set(ranked.texts.keys()))",
        "[]",
      ),
    ],
    [
      "a bundle's text is not compared with its digest",
      "digest",
      never("packages/catalogue/src/bundle.ts", "openBundle", 'digest("bundle", read.value) !== expectedDigest'),
    ],
    [
      "an agent may ask for any action",
      "registration",
      drop("apps/signer/src/issuance/entitle.ts", "entitle", "if (!allowed.ok) return allowed;"),
    ],
    [
      "a policy that errs permits",
      "evaluation",
      becomes(
        "packages/policy/src/engine.ts",
        "decide",
        "undecided(answer.reasons)",
        "ok({ policies: [...ranks.keys()].slice(0, 1) })",
      ),
    ],
    [
      "one operator may activate another bundle",
      "two operators",
      becomes(
        "apps/revocation/src/orders/plan.ts",
        "planActivate",
        "otherOperator(ledger, base)",
        'ledger.bundle === null ? otherOperator(ledger, base) : ok("o_aaaaaaaaaaaaaaaaaaaaaaaaaa")',
      ),
    ],
  ]),
  ...mutantsOf("a-rule-that-can-never-apply-is-refused", [
    [
      "names in policies are not compared with the folder's",
      "names",
      becomes("packages/policy/src/engine.ts", "build", "...unknown", "...[]"),
    ],
    [
      "a condition beside others may be one that never holds",
      "conditions",
      becomes(
        "packages/policy/src/validate.ts",
        "invalidPolicies",
        "deadConditions(schema, sound)",
        "deadConditions(schema, [])",
      ),
    ],
    [
      "an @id may be spelled so that only Cedar finds it",
      "ids",
      never("packages/policy/src/ranked.ts", "rankPolicies", "!policyIds({ policies: [policy] }).includes(id)"),
    ],
    [
      "a folder that holds a Cedar schema is not told what to do",
      "schema",
      never("packages/catalogue/src/files.ts", "misplaced", 'path.endsWith(".cedarschema")'),
    ],
  ]),
  ...mutantsOf("a-person-can-approve-what-only-lacks-people", [
    [
      "nobody needs to approve",
      "only",
      becomes("apps/signer/src/issuance/judge.ts", "judge", "ask(it, 0, needed)", "ask(it, needed, needed)"),
    ],
    [
      "no approval counts",
      "only",
      never(
        "apps/signer/src/approvals/count.ts",
        "countedApprovals",
        "exp > nowSeconds && keys.get(kid)?.name === approver && !keys.get(kid)?.conflict",
      ),
    ],
  ]),
  ...mutantsOf("signer-down-stops-writes-not-reads", [
    [
      "the broker asks the signer before it answers",
      "broker",
      becomes(
        "apps/broker/src/routes/post-executions.ts",
        "handle",
        "presentedCertificate(context)",
        'await fetch(new URL("/healthz", config.signer_url)).then(()=>presentedCertificate(context), ()=>({ ok: false, error: { code: "not_ready", detail: "" } }))',
      ),
    ],
    [
      "reads need the signer",
      "broker",
      before(
        "apps/broker/src/broker.ts",
        "createBroker.open",
        "const opened = await bundles.open(digest);",
        'if (!await fetch(new URL("/healthz", config.signer_url)).then(()=>true, ()=>false)) return { ok: false, error: { code: "not_ready", detail: "" } };',
      ),
    ],
  ]),
  ...mutantsOf("every-refusal-is-recorded", [
    [
      "the broker records no refusals",
      "broker",
      becomes(
        "apps/broker/src/routes/reply.ts",
        "refuse",
        "await broker.refusals.refuse(more.authentic, failure.code, body)",
        "{ ok: true }",
      ),
      { filter: "the broker records" },
    ],
    [
      "the signer records no denials",
      "signer",
      always("apps/signer/src/issuance/refuse.ts", "recordRefusal", 'failure.code === "approval_pending"'),
      { filter: "the signer records" },
    ],
    [
      "the revocation service records no refusals",
      "revocation",
      becomes("apps/revocation/src/orders/submit.ts", "refuse", "ports.refusals.refuse", "(async ()=>undefined)"),
      { filter: "the revocation service records" },
    ],
    [
      "refusals of the HTTP shell are not counted",
      "shell",
      becomes(
        "apps/broker/src/service.ts",
        "createService.onRefused",
        "void recordShellRefusal(ports, refusal)",
        "undefined",
      ),
      { filter: "the broker records" },
    ],
    [
      "what is beyond the budget is not counted",
      "counts",
      drop("packages/records/src/refusals.ts", "createRefusalLog.refuse", "count(code, 1, clock.nowMs());"),
      { filter: "a flood of garbage" },
    ],
    [
      "strangers may fill the log",
      "budget",
      always("packages/records/src/refusals.ts", "createRefusalLog.refuse", "authentic || withinBudget()"),
      { filter: "a flood of garbage" },
    ],
    [
      "authentic refusals fall under the budget",
      "budget",
      becomes(
        "packages/records/src/refusals.ts",
        "createRefusalLog.refuse",
        "authentic || withinBudget()",
        "withinBudget()",
      ),
      alone("however many come"),
    ],
    [
      "nobody records refusals",
      "all",
      before(
        "packages/records/src/refusals.ts",
        "createRefusalLog.refuse",
        'if (authentic || withinBudget()) return chain.append("refusal", { ...body, code });',
        'return ok("counted");',
      ),
    ],
  ]),
  ...mutantsOf("a-signer-outlives-its-certificates", [
    [
      "V8 is not given the flag where it inlines calls of WebAssembly",
      "only",
      becomes(
        "packages/policy/src/wasm-calls.ts",
        "makeWasmCallsSafe",
        "inlinesWasmCalls(process.versions.v8)",
        "!inlinesWasmCalls(process.versions.v8)",
      ),
      { filter: "gives V8 the flag" },
    ],
  ]),
  ...mutantsOf("services-restart-in-any-order", [
    [
      "the signer signs before it journals",
      "journal",
      [
        drop(
          "apps/signer/src/issuance/issue.ts",
          "steps",
          'const journalled = await step("journal", () => journal(signer, it, verdict, prepared));',
        ),
        becomes(
          "apps/signer/src/issuance/issue.ts",
          "steps",
          "return finish(signer, step, asked.requestId, journalled, false);",
          'const { Journalled } = await import("./seal.js"); const answer = await finish(signer, step, asked.requestId, Journalled.after(prepared), false); await step("journal", () => journal(signer, it, verdict, prepared)); return answer;',
        ),
      ],
      alone("nothing is signed that is not in the journal"),
    ],
    [
      "a restarted store is taken for the same",
      "store",
      [
        never(
          "apps/revocation/src/status/publisher.ts",
          "Publisher.#discontinuity",
          "ledger.generation > 0 && ledger.run_id !== runId",
        ),
        never("packages/authority/src/admit.ts", "checkPin", "view.run_id !== state.run_id"),
        never("packages/authority/src/admit.ts", "checkPin", "pin.run_id !== state.run_id"),
      ],
    ],
    [
      "the signer forgets its journal",
      "journal",
      drop("apps/signer/src/journal/journal.ts", "openJournal", "if (record.value) state.apply(record.value);"),
    ],
    [
      "a broker never comes to what an earlier boot left open",
      "reconciler",
      drop(
        "apps/broker/src/execution/reconcile.ts",
        "reconcileAll",
        "if (ownEarlier || pin.value.now_ms > entry.deadline_ms) await takeOverEntry(broker, entry);",
      ),
    ],
  ]),
];

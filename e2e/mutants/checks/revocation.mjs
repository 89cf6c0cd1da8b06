import { alone, always, becomes, drop, mutantsOf, never, REAL, text } from "./mutant.mjs";

const noPolicy = becomes("apps/broker/src/admission/admit.ts", "readPolicy", "standing.ok ? view : standing", "view");
const noView = becomes("apps/broker/src/admission/admit.ts", "checkPinned", "standing.ok ? pin : standing", "pin");
const noTake = becomes("packages/authority/src/admit.ts", "admit", "checkView(view, request)", "ok(undefined)");
const noGuard = drop("apps/broker/src/execution/guard.ts", "createGuard.look", "if (!standing.ok) return standing;");
const noRecall = never("apps/broker/src/execution/guard.ts", "createGuard.look", "running.recalled");
const noRecalling = always("apps/broker/src/execution/recall.ts", "recallRevoked", "standing.ok || running.recalled");
const noCaller = always("packages/agents/src/agents.ts", "createAgents.standing", "clean.ok");
const noEntitled = always("apps/signer/src/issuance/entitle.ts", "entitle", "standing.ok");

export const REVOCATION = [
  ...mutantsOf("a-revoked-agent-reads-nothing", [
    ["nobody asks whether the caller is revoked", "reads", noCaller],
    [
      "a revoked subject still reads",
      "subject",
      becomes(
        "packages/agents/src/standing.ts",
        "checkCaller",
        "{ ...named, keys: [jkt], bundle }",
        "{ keys: [jkt], bundle }",
      ),
    ],
    [
      "a revoked key still reads",
      "key",
      becomes(
        "packages/agents/src/standing.ts",
        "checkCaller",
        "{ ...named, keys: [jkt], bundle }",
        "{ ...named, keys: [], bundle }",
      ),
    ],
    [
      "the recorded state is told to a revoked agent that presents the certificate again",
      "replay",
      never("apps/broker/src/admission/admit.ts", "checkReplay", "!clean.ok"),
    ],
  ]),
  ...mutantsOf("a-revoked-certificate-is-never-admitted", [
    ["the step policy does not look at revocations", "policy", noPolicy],
    ["the step view does not look at revocations", "view", noView],
    ["take does not look at revocations", "take", noTake, alone("a revocation that came after the view")],
    [
      "take in Redis does not look at revocations",
      "take, in Redis",
      becomes("packages/authority/src/redis/lua/admit.ts", "check_revocations", text("if best then"), "if false then"),
      { ...alone("a revocation that came after the view"), ...REAL },
    ],
    ["the guard does not look at revocations", "guard", noGuard, alone("guard: ")],
    ["open executions are not recalled", "recall", noRecalling],
    ["nobody at the broker looks at revocations", "all", [noPolicy, noView, noTake, noGuard, noRecall, noRecalling]],
    [
      "the signer lets in what is revoked",
      "signer, first look",
      [noCaller, noEntitled],
      alone("came after the request was let in"),
    ],
    [
      "the signer does not look again before it issues",
      "signer, last look",
      drop("apps/signer/src/issuance/grant.ts", "grant", "if (!standing.ok) return standing;"),
      alone("came after the request was let in"),
    ],
    [
      "the signer does not look at revocations",
      "signer, all",
      [noCaller, noEntitled, drop("apps/signer/src/issuance/grant.ts", "grant", "if (!standing.ok) return standing;")],
    ],
    [
      "the revocation service forgets the orders of its journal",
      "journal",
      becomes(
        "apps/revocation/src/journal/journal.ts",
        "Journal.open",
        "fold(journal.#ledger, record);",
        'if (record.kind !== "order") fold(journal.#ledger, record);',
      ),
      alone("signer: a revocation that came|though the store was lost"),
    ],
    [
      "epochs are not compared",
      "epochs",
      never("packages/authority/src/epochs.ts", "checkEpochs", "stale !== undefined"),
    ],
    [
      "a status may be of any age",
      "freshness",
      always(
        "packages/authority/src/newest-status.ts",
        "NewestStatus.current",
        "Math.abs(wallAgeMs) <= this.maxAgeMs && heldMs >= 0 && heldMs <= this.maxAgeMs",
      ),
    ],
    [
      "one operator may lift",
      "two operators",
      becomes(
        "apps/revocation/src/orders/plan.ts",
        "planLift",
        "otherOperator(ledger, base)",
        'ok("o_aaaaaaaaaaaaaaaaaaaaaaaaaa")',
      ),
    ],
    [
      "one operator counts as two",
      "two operators",
      always("apps/revocation/src/orders/plan.ts", "otherOperator", "waiting.operator !== base.operator"),
    ],
    [
      "activating a bundle raises no policy epoch",
      "activation",
      becomes(
        "apps/revocation/src/orders/plan.ts",
        "planActivate",
        "await policiesOfBoth(bundles, bundle.value, ledger.bundle)",
        "[]",
      ),
    ],
  ]),
  ...mutantsOf("every-part-judges-a-revocation-alike", [
    [
      "a recall does not know the code of its own view",
      "recall",
      becomes("apps/broker/src/execution/recall.ts", "recallRevoked", "standing.error.code", '"recalled"'),
      REAL,
    ],
    ["the guard looks at nothing", "guard", noGuard, REAL],
    [
      "the signer's key is left out where a certificate is handed out again",
      "signer",
      becomes(
        "apps/signer/src/issuance/enter.ts",
        "checkReplay",
        "revocableOf(claims, signerKid)",
        "revocableOf(claims, jkt)",
      ),
      REAL,
    ],
    [
      "a signer revokes by policies on which a certificate does not rest",
      "signer, new",
      becomes("apps/signer/src/issuance/grant.ts", "grant", "policies: [id]", "policies: verdict.policies"),
      REAL,
    ],
    [
      "the script takes the last kind that it meets",
      "redis",
      becomes(
        "packages/authority/src/redis/lua/admit.ts",
        "ADMIT_LUA",
        text("elseif best.kind ~= kind then"),
        "elseif best.kind ~= kind then best = { kind = kind, place = place, order = order, value = value } elseif false then",
      ),
      REAL,
    ],
    [
      "a pattern with two stars covers nothing",
      "patterns",
      becomes(
        "packages/schema/src/resource-pattern.ts",
        "patternsCovering",
        "[...new Set([resource, `service:*/${region}`, `${service}/region:*`, all])]",
        "[...new Set([resource, `service:*/${region}`, `${service}/region:*`])]",
      ),
      REAL,
    ],
    [
      "an epoch that the view does not know passes",
      "epochs",
      always("packages/authority/src/epochs.ts", "checkEpochs", "ahead === undefined"),
      REAL,
    ],
  ]),
];

import { after, always, becomes, drop, mutantsOf, never, text } from "./mutant.mjs";

export const KUBERNETES = [
  ...mutantsOf("the-broker-itself-cannot-write", [
    [
      "the broker is given the right to patch what it reads",
      "rights",
      becomes(
        "packages/connector-kubernetes/src/render/rights.ts",
        "brokerRights",
        'verbs: ["get"]',
        'verbs: ["get", "patch"]',
      ),
    ],
    [
      "a change is sent with the broker's own token",
      "token",
      drop("packages/connector-kubernetes/src/execute.ts", "send", "token: identity.token,"),
      { filter: "shows its own token for none" },
    ],
  ]),
  ...mutantsOf("the-apiserver-audit-log-matches-ours", [
    [
      "an outcome does not say whose identity it was",
      "outcome",
      becomes("apps/broker/src/execution/bodies.ts", "outcomeBody", "place.identity", "null"),
    ],
    [
      "the guard does not say which certificate an object is marked with",
      "marker",
      never(
        "packages/connector-kubernetes/src/render/guards.ts",
        "guardOf",
        text("variables.execution && variables.whole"),
      ),
    ],
  ]),
  ...mutantsOf("a-minted-identity-does-nothing-else", [
    [
      "the Role of an execution names no object",
      "rights",
      drop("packages/connector-kubernetes/src/render/rights.ts", "executionRoles", "resourceNames: [ref.name]"),
      { filter: "while its execution is held" },
    ],
    [
      "an execution may write every field of its object",
      "fields",
      becomes(
        "packages/connector-kubernetes/src/render/execution-writes.ts",
        "executionWrites",
        "`${UPDATE}(${expression})`",
        "`true`",
      ),
      { filter: "while its execution is held" },
    ],
    [
      "an identity is not taken back after its execution",
      "end",
      becomes(
        "packages/connector-kubernetes/src/connector.ts",
        "KubernetesConnector.recall",
        "await withdraw(entered.value.client, remains.value, signal)",
        "ok(undefined)",
      ),
      { filter: "after its execution" },
    ],
    [
      "a revocation does not take the identity of an open execution back",
      "recall",
      [
        becomes(
          "apps/broker/src/execution/recall.ts",
          "recallOne",
          "await connector.recall(claims.jti, claims.contract, signal)",
          "{ ok: true }",
        ),
        becomes(
          "apps/broker/src/execution/recall.ts",
          "recallOne",
          "await connector.fence(claims.jti, claims.contract, signal)",
          "{ ok: true }",
        ),
      ],
      { filter: "after a revocation" },
    ],
  ]),
  ...mutantsOf("kubernetes-drift-is-refused-by-the-apiserver", [
    [
      "the server is not asked to compare the certified fields",
      "patch",
      drop("packages/connector-kubernetes/src/patch.ts", "patchOf", "tests.set(...testOf(place));"),
      { filter: "never writes" },
    ],
    [
      "a deletion is not held to the version that was compared",
      "delete",
      always("packages/connector-kubernetes/src/withdraw.ts", "deletionOf", "resourceVersion === undefined"),
      { filter: "never writes" },
    ],
    [
      "the whole object has to be as it was, its status as well",
      "status",
      after(
        "packages/connector-kubernetes/src/patch.ts",
        "patchOf",
        '["/metadata/uid", sight.uid]',
        '["/metadata/resourceVersion", sight.version]',
      ),
      { filter: "always goes through" },
    ],
  ]),
  ...mutantsOf("a-stolen-broker-identity-stays-in-the-scheme", [
    [
      "a binding may have any subject",
      "bindings",
      becomes(
        "packages/connector-kubernetes/src/render/broker-policies.ts",
        "brokerBindings",
        "`variables.subject == variables.binding.metadata.name`",
        "`true`",
      ),
      { filter: "is refused: bind" },
    ],
    [
      "a token may live as long as it likes",
      "tokens",
      always(
        "packages/connector-kubernetes/src/render/broker-policies.ts",
        "brokerAccounts",
        text("object.spec.?expirationSeconds.orValue(3600) <= 600"),
      ),
      { filter: "is refused: a token" },
    ],
    [
      "a marker may name any certificate",
      "marker",
      becomes(
        "packages/connector-kubernetes/src/render/execution-writes.ts",
        "executionWrites",
        text("${now} == ${named}"),
        '${now} != ""',
      ),
      { filter: "under a marker that no record knows" },
    ],
  ]),
  ...mutantsOf("the-target-refuses-everyone-but-the-broker", [
    [
      "subresources of what is protected stay open",
      "subresources",
      drop("packages/connector-kubernetes/src/render/guards.ts", "guardOf", "`${resource}/*`"),
    ],
    [
      "whoever impersonates an execution counts as one",
      "impersonation",
      drop(
        "packages/connector-kubernetes/src/render/guards.ts",
        "execution",
        text('&& request.userInfo.?extra[?"authentication.kubernetes.io/credential-id"].hasValue()'),
      ),
    ],
    [
      "an exception that has ended is still rendered",
      "exceptions",
      becomes(
        "packages/connector-kubernetes/src/render/guards.ts",
        "guard",
        "isBefore(allowed.expires, nowMs)",
        "isBefore(allowed.expires, 0)",
      ),
    ],
  ]),
];

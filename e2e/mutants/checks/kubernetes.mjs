import { edit, mutantsOf } from "./mutant.mjs";

const CONNECTOR = "packages/connector-kubernetes/dist";
const RENDER = `${CONNECTOR}/render`;
const EXECUTION = "apps/broker/dist/execution";

export const KUBERNETES = [
  ...mutantsOf("the-broker-itself-cannot-write", [
    [
      "the broker is given the right to patch what it reads",
      "rights",
      edit(
        `${RENDER}/rights.js`,
        'verbs: [\n                    "get"\n                ]',
        'verbs: [\n                    "get", "patch"\n                ]',
      ),
    ],
    [
      "a change is sent with the broker's own token",
      "token",
      edit(`${CONNECTOR}/execute.js`, "token: identity.token,", ""),
      { filter: "shows its own token for none" },
    ],
  ]),
  ...mutantsOf("the-apiserver-audit-log-matches-ours", [
    [
      "an outcome does not say whose identity it was",
      "outcome",
      edit(`${EXECUTION}/bodies.js`, "identity: place.identity", "identity: null"),
    ],
    [
      "the guard does not say which certificate an object is marked with",
      "marker",
      edit(
        `${RENDER}/guards.js`,
        "variables.execution && variables.whole && object != null",
        "false && object != null",
      ),
    ],
  ]),
  ...mutantsOf("a-minted-identity-does-nothing-else", [
    [
      "the Role of an execution names no object",
      "rights",
      edit(
        `${RENDER}/rights.js`,
        "resourceNames: [\n                            ref.name\n                        ],\n                        verbs",
        "verbs",
      ),
      { filter: "while its execution is held" },
    ],
    [
      "an execution may write every field of its object",
      "fields",
      edit(`${RENDER}/execution-writes.js`, `forbid(\`\${UPDATE}(\${expression})\``, "forbid(`true`"),
      { filter: "while its execution is held" },
    ],
    [
      "an identity is not taken back after its execution",
      "end",
      edit(
        `${CONNECTOR}/connector.js`,
        "const gone = await withdraw(entered.value.client, remains.value, signal);",
        "const gone = ok(undefined);",
      ),
      { filter: "after its execution" },
    ],
    [
      "a revocation does not take the identity of an open execution back",
      "recall",
      edit(
        `${EXECUTION}/recall.js`,
        "const recalled = await connector.recall(claims.jti, claims.contract, signal);\n    const fenced = await connector.fence(claims.jti, claims.contract, signal);",
        "const recalled = { ok: true };\n    const fenced = recalled;",
      ),
      { filter: "after a revocation" },
    ],
  ]),
  ...mutantsOf("kubernetes-drift-is-refused-by-the-apiserver", [
    [
      "the server is not asked to compare the certified fields",
      "patch",
      edit(`${CONNECTOR}/patch.js`, "tests.set(...testOf(place));", ""),
      { filter: "never writes" },
    ],
    [
      "a deletion is not held to the version that was compared",
      "delete",
      edit(`${CONNECTOR}/withdraw.js`, "...resourceVersion === undefined ? {} : {", "...true ? {} : {"),
      { filter: "never writes" },
    ],
    [
      "the whole object has to be as it was, its status as well",
      "status",
      edit(
        `${CONNECTOR}/patch.js`,
        '"/metadata/uid",\n            sight.uid\n        ]',
        '"/metadata/uid",\n            sight.uid\n        ], ["/metadata/resourceVersion", sight.version]',
      ),
      { filter: "always goes through" },
    ],
  ]),
  ...mutantsOf("a-stolen-broker-identity-stays-in-the-scheme", [
    [
      "a binding may have any subject",
      "bindings",
      edit(`${RENDER}/broker-policies.js`, "`variables.subject == variables.binding.metadata.name`", "`true`"),
      { filter: "is refused: bind" },
    ],
    [
      "a token may live as long as it likes",
      "tokens",
      edit(`${RENDER}/broker-policies.js`, "object.spec.?expirationSeconds.orValue(3600) <= 600", "true"),
      { filter: "is refused: a token" },
    ],
    [
      "a marker may name any certificate",
      "marker",
      edit(`${RENDER}/execution-writes.js`, `\${now} == \${named})`, `\${now} != "")`),
      { filter: "under a marker that no record knows" },
    ],
  ]),
  ...mutantsOf("the-target-refuses-everyone-but-the-broker", [
    [
      "subresources of what is protected stay open",
      "subresources",
      edit(`${RENDER}/guards.js`, `resource,\n                    \`\${resource}/*\`\n`, "resource\n"),
    ],
    [
      "whoever impersonates an execution counts as one",
      "impersonation",
      edit(
        `${RENDER}/guards.js`,
        '&& request.userInfo.?extra[?"authentication.kubernetes.io/credential-id"].hasValue()',
        "",
      ),
    ],
    [
      "an exception that has ended is still rendered",
      "exceptions",
      edit(`${RENDER}/guards.js`, "isBefore(allowed.expires, nowMs)", "isBefore(allowed.expires, 0)"),
    ],
  ]),
];

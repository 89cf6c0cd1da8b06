import { after, always, becomes, drop, MODULE, mutantsOf, never } from "./mutant.mjs";

export const RECORDS_AND_SECRETS = [
  ...mutantsOf("records-cannot-be-edited-unnoticed", [
    [
      "links between records are not compared",
      "links",
      drop("packages/records/src/walk.ts", "misfit", 'if (claims.prev !== at.prev) return "link";'),
    ],
    [
      "positions are not compared",
      "positions",
      never("packages/records/src/walk.ts", "misfit", "claims.seq !== at.seq"),
    ],
    [
      "signatures of records are not checked",
      "signatures",
      becomes(
        "packages/verify-core/src/record.ts",
        "verifyRecord",
        "const signed = await checkSignatureAtAnyTime(gated.value, trust);",
        'const owner = trust.find("seb-record+jws", gated.value.kid);\n    const signed = owner ? { ok: true, value: { key: owner, kid: owner.kid, claims: gated.value.payload } } : await checkSignatureAtAnyTime(gated.value, trust);',
      ),
    ],
    [
      "the copied heads are not looked at",
      "heads",
      never("packages/records/src/verify.ts", "Examination.finish", "last !== undefined && last.seq >= this.nextSeq"),
    ],
    [
      "an open tail counts as verified",
      "tail",
      becomes(
        "packages/records/src/verify.ts",
        "Examination.finish",
        'proved ? "verified" : "tail_not_proved"',
        'true ? "verified" : "tail_not_proved"',
      ),
    ],
    [
      "a boot that was never closed counts as proved",
      "unclosed",
      becomes(
        "packages/records/src/verify.ts",
        "Examination.finish",
        "endProved && this.unclosedBootCount === 0",
        "endProved",
      ),
    ],
    [
      "nothing is compared at all",
      "all",
      [
        drop("packages/records/src/walk.ts", "misfit", 'if (claims.prev !== at.prev) return "link";'),
        never("packages/records/src/walk.ts", "misfit", "claims.seq !== at.seq"),
        never("packages/records/src/verify.ts", "Examination.finish", "last !== undefined && last.seq >= this.nextSeq"),
      ],
    ],
  ]),
  ...mutantsOf("old-records-new-code", [
    [
      "a member more in a record's body is refused",
      "members",
      becomes("packages/schema/src/records/opened.ts", "opened", "open(schema) as S", "schema"),
    ],
    [
      "a body of a later ver is read like one of this",
      "ver",
      never(
        "packages/schema/src/records/kinds.ts",
        "readBody",
        'typeof ver !== "number" || !Number.isInteger(ver) || ver < 1 || ver > newest',
      ),
    ],
    [
      "bodies are not looked at when a chain is verified",
      "bodies",
      becomes("packages/records/src/walk.ts", "walkChain", 'body.ok ? place : (placeFirst(place) ?? "body")', "place"),
    ],
  ]),
  ...mutantsOf("a-service-is-sent-only-what-it-can-open", [
    [
      "no service is asked what it opens",
      "command",
      becomes(
        "apps/seb/src/commands/policy.ts",
        "activateDigest",
        "await checkWire(invocation, WIRE_NOW)",
        "{ ok: true }",
      ),
    ],
    [
      "the revocation service takes an order for any generation",
      "order",
      never("apps/revocation/src/orders/plan.ts", "planActivate", "!WIRE.some((known) => known === wire)"),
    ],
  ]),
  ...mutantsOf("no-secret-leaves-a-service", [
    [
      "the log masks nothing, and says each request's headers",
      "log",
      [
        becomes("packages/service-kit/src/log.ts", "createLog.write", "maskSecrets(line)", "line"),
        becomes("packages/service-kit/src/log.ts", "createLog", 'censor: "[secret]"', "censor: (value)=>value"),
        after(
          "apps/broker/src/routes/post-executions.ts",
          "handle",
          "const certificate = presentedCertificate(context);",
          'broker.log.info({ authorization: context.header("authorization"), dpop: context.header("dpop") }, "presented");',
        ),
      ],
    ],
    [
      "a problem quotes the token",
      "problem",
      [
        becomes(
          "packages/verify-core/src/signature.ts",
          "verifyBy",
          '"The signature does not verify."',
          '"The signature does not verify: " + gated.token',
        ),
        becomes(
          "packages/verify-core/src/segments.ts",
          "splitCompact",
          '"The token is not three canonical base64url segments."',
          'token + " is not three canonical base64url segments."',
        ),
      ],
    ],
    [
      "a refusal's record holds the token",
      "record",
      becomes(
        "apps/broker/src/routes/post-executions.ts",
        "handle",
        "...(known ? { known } : {})",
        "known: { presented: certificate.value }",
      ),
    ],
  ]),
  ...mutantsOf("an-environment-begins-with-seb-init", [
    ["everybody may read the keys", "only", becomes("apps/seb/src/init/keys.ts", "SECRET_MODE", "0o600", "0o644")],
    [
      "everybody may read the servers' passwords",
      "only",
      becomes("apps/seb/src/init/server-users.ts", "SECRET_MODE", "0o600", "0o644"),
    ],
  ]),
  ...mutantsOf("the-examples-run-as-shown", [
    [
      "the SDK proves another body than it sends",
      "client",
      becomes(
        "packages/client/src/proof-headers.ts",
        "provenHeaders",
        "operationDigest(request.body)",
        'operationDigest("{}")',
      ),
    ],
    [
      "the SDK forgets to restate the operation",
      "client",
      becomes("packages/client/src/agent.ts", "agentOf.execute", "JSON.stringify(operation)", '"{}"'),
    ],
  ]),
  ...mutantsOf("the-seed-pipeline-runs-as-written", [
    [
      "a refused request leaves no trace for the job",
      "state",
      becomes(
        "packages/agent-cli/src/commands/obtain.ts",
        "refused",
        "keep",
        "((...given) => ({ ok: given.length > 0 }))",
      ),
    ],
    [
      "the certificate is not kept between steps",
      "state",
      drop("packages/agent-cli/src/job/state.ts", "keep", "writePrivateJson(folder, FILE, state);"),
    ],
    [
      "the certificate is not handed to GITHUB_ENV",
      "environment",
      drop("packages/agent-cli/src/job/state.ts", "keep", "appendFileSync(file, `CERT=${value}\\n`);"),
    ],
    [
      "an unreachable signer counts as a refusal",
      "report",
      always("apps/broker/src/routes/post-verifications.ts", "report", '!requestId.startsWith("u_")'),
    ],
  ]),
  ...mutantsOf("an-operators-command-ends-in-time", [
    [
      "an operator's command has no end of its own",
      "only",
      becomes("apps/seb/src/command.ts", "TIMEOUT_MS", "8000", "14000"),
      { filter: "takes what is sent and never answers" },
    ],
  ]),
  ...mutantsOf("a-command-says-whose-mistake-it-was", [
    [
      "links in a control folder are passed over",
      "folder",
      never("apps/seb/src/control-folder.ts", "textOf", "!isFile"),
      { filter: "a-link" },
    ],
    [
      "a mistake in a control folder is said of the active bundle",
      "code",
      never("apps/seb/src/policy-test-answer.ts", "aboutFolder", 'code === "bundle_invalid"'),
      { filter: "no-id" },
    ],
    [
      "an answer that was not written is a success",
      "output",
      never("apps/seb/src/main.ts", MODULE, "unwritten !== undefined && code === 0"),
      { filter: "exit 3, and why" },
    ],
  ]),
  ...mutantsOf("the-auditor-reads-the-stream-itself", [
    [
      "the heads beside a stream are not looked at",
      "only",
      drop("apps/seb/src/audit/places.ts", "headsIn.all", "for (const store of stores)yield* store.all();"),
    ],
  ]),
  ...mutantsOf("the-walk-over-real-servers-runs-as-shown", [
    [
      "the certified change of an object writes its marker and nothing else",
      "only",
      drop("packages/connector-kubernetes/src/patch.ts", "patchOf", "...operation.set,"),
    ],
  ]),
  ...mutantsOf("tls-as-documented-gets-ready", [
    [
      "the monitor is believed whoever vouches for it",
      "monitor",
      after("packages/records/src/nats/monitor.ts", "bodyOf", "...tls", "rejectUnauthorized: false"),
    ],
    [
      "the authority given for NATS is not used for its monitor",
      "authority",
      drop("packages/records/src/nats/monitor.ts", "bodyOf", "...tls"),
    ],
  ]),
];

import { edit, mutantsOf } from "./mutant.mjs";

const RECORDS = "packages/records/dist";

export const RECORDS_AND_SECRETS = [
  ...mutantsOf("records-cannot-be-edited-unnoticed", [
    [
      "links between records are not compared",
      "links",
      edit(`${RECORDS}/walk.js`, 'if (claims.prev !== at.prev) return "link";', ""),
    ],
    [
      "positions are not compared",
      "positions",
      edit(`${RECORDS}/walk.js`, "if (claims.seq !== at.seq) return", "if (false) return"),
    ],
    [
      "signatures of records are not checked",
      "signatures",
      edit(
        "packages/verify-core/dist/record.js",
        "const signed = await checkSignatureAtAnyTime(gated.value, trust);",
        'const owner = trust.find("seb-record+jws", gated.value.kid);\n    const signed = owner ? { ok: true, value: { key: owner, kid: owner.kid, claims: gated.value.payload } } : await checkSignatureAtAnyTime(gated.value, trust);',
      ),
    ],
    [
      "the copied heads are not looked at",
      "heads",
      edit(
        `${RECORDS}/verify.js`,
        "if (last !== undefined && last.seq >= this.nextSeq) this.report({",
        "if (false) this.report({",
      ),
    ],
    [
      "an open tail counts as verified",
      "tail",
      edit(`${RECORDS}/verify.js`, 'proved ? "verified" : "tail_not_proved"', 'true ? "verified" : "tail_not_proved"'),
    ],
    [
      "a boot that was never closed counts as proved",
      "unclosed",
      edit(`${RECORDS}/verify.js`, "endProved && this.unclosedBootCount === 0", "endProved"),
    ],
    [
      "nothing is compared at all",
      "all",
      [
        edit(`${RECORDS}/walk.js`, 'if (claims.prev !== at.prev) return "link";', ""),
        edit(`${RECORDS}/walk.js`, "if (claims.seq !== at.seq) return", "if (false) return"),
        edit(
          `${RECORDS}/verify.js`,
          "if (last !== undefined && last.seq >= this.nextSeq) this.report({",
          "if (false) this.report({",
        ),
      ],
    ],
  ]),
  ...mutantsOf("no-secret-leaves-a-service", [
    [
      "the log masks nothing, and says each request's headers",
      "log",
      [
        edit("packages/service-kit/dist/log.js", "sink.write(maskSecrets(line));", "sink.write(line);"),
        edit("packages/service-kit/dist/log.js", 'censor: "[secret]"', "censor: (value)=>value"),
        edit(
          "apps/broker/dist/routes/post-executions.js",
          "const certificate = certificateOf(context);",
          'const certificate = certificateOf(context);\n    broker.ports.log.info({ authorization: context.header("authorization"), dpop: context.header("dpop") }, "presented");',
        ),
      ],
    ],
    [
      "a problem quotes the token",
      "problem",
      [
        edit(
          "packages/verify-core/dist/signature.js",
          'return fail("token_signature_invalid", "The signature does not verify.");',
          'return fail("token_signature_invalid", "The signature does not verify: " + gated.token);',
        ),
        edit(
          "packages/verify-core/dist/segments.js",
          '"The token is not three canonical base64url segments."',
          'token + " is not three canonical base64url segments."',
        ),
      ],
    ],
    [
      "a refusal's record holds the token",
      "record",
      edit(
        "apps/broker/dist/routes/post-executions.js",
        "authentic: claims !== undefined,\n        trace,",
        "authentic: claims !== undefined,\n        trace,\n        known: { presented: certificate.value },",
      ),
    ],
  ]),
  ...mutantsOf("an-environment-begins-with-seb-init", [
    [
      "everybody may read the keys",
      "only",
      edit("apps/seb/dist/init/keys.js", "const SECRET_MODE = 0o600;", "const SECRET_MODE = 0o644;"),
    ],
    [
      "everybody may read the servers' passwords",
      "only",
      edit("apps/seb/dist/init/server-users.js", "const SECRET_MODE = 0o600;", "const SECRET_MODE = 0o644;"),
    ],
  ]),
  ...mutantsOf("the-examples-run-as-shown", [
    [
      "the SDK proves another body than it sends",
      "client",
      edit("packages/client/dist/proof-headers.js", "op: operationDigest(request.body)", 'op: operationDigest("{}")'),
    ],
    [
      "the SDK forgets to restate the operation",
      "client",
      edit("packages/client/dist/agent.js", "const body = JSON.stringify(operation);", 'const body = "{}";'),
    ],
  ]),
  ...mutantsOf("the-seed-pipeline-runs-as-written", [
    [
      "a refused request leaves no trace for the job",
      "state",
      edit(
        "packages/agent-cli/dist/commands/obtain.js",
        "const kept = keep(session.io, session.folder, ",
        "const kept = ((...given)=>({ ok: given.length > 0 }))(session.io, session.folder, ",
      ),
    ],
    [
      "the certificate is not kept between steps",
      "state",
      edit("packages/agent-cli/dist/job/state.js", "writePrivateJson(folder, FILE, state);", ""),
    ],
    [
      "the certificate is not handed to GITHUB_ENV",
      "environment",
      edit("packages/agent-cli/dist/job/state.js", "appendFileSync(file, `", "void (file, `"),
    ],
    [
      "an unreachable signer counts as a refusal",
      "report",
      edit(
        "apps/broker/dist/routes/post-verifications.js",
        'const refused = !requestId.startsWith("u_");',
        "const refused = true;",
      ),
    ],
  ]),
  ...mutantsOf("an-operators-command-ends-in-time", [
    [
      "an operator's command has no end of its own",
      "only",
      edit("apps/seb/dist/command.js", "export const TIMEOUT_MS = 8000;", "export const TIMEOUT_MS = 14000;"),
      { filter: "takes what is sent and never answers" },
    ],
  ]),
  ...mutantsOf("a-command-says-whose-mistake-it-was", [
    [
      "links in a control folder are passed over",
      "folder",
      edit("apps/seb/dist/control-folder.js", "else other ??= path;", ""),
      { filter: "a-link" },
    ],
    [
      "a mistake in a control folder is said of the active bundle",
      "code",
      edit("apps/seb/dist/policy-test.js", 'code === "bundle_invalid"', "false"),
      { filter: "no-id" },
    ],
    [
      "an answer that was not written is a success",
      "output",
      edit("apps/seb/dist/main.entry.js", "unwritten !== undefined && code === 0", "false"),
      { filter: "exit 3, and why" },
    ],
  ]),
  ...mutantsOf("the-auditor-reads-the-stream-itself", [
    [
      "the heads beside a stream are not looked at",
      "only",
      edit("apps/seb/dist/audit/places.js", "for (const store of stores)yield* store.all();", ""),
    ],
  ]),
  ...mutantsOf("the-walk-over-real-servers-runs-as-shown", [
    [
      "the certified change of an object writes its marker and nothing else",
      "only",
      edit("packages/connector-kubernetes/dist/patch.js", "...operation.set,", ""),
    ],
  ]),
  ...mutantsOf("tls-as-documented-gets-ready", [
    [
      "the monitor is believed whoever vouches for it",
      "monitor",
      edit("packages/records/dist/nats/monitor.js", "...tls", "...tls, rejectUnauthorized: false"),
    ],
    [
      "the authority given for NATS is not used for its monitor",
      "authority",
      edit("packages/records/dist/nats/monitor.js", "...tls", ""),
    ],
  ]),
];

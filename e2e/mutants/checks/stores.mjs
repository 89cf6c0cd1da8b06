import { after, always, becomes, before, MODULE, mutantsOf, never, text } from "./mutant.mjs";

const ACL = "infra/redis/users.acl.template";
/** How a user's line of the ACL file begins. */
const user = (name, variable) => `user ${name} on #$\{${variable}_PASSWORD_SHA256} resetkeys resetchannels -@all`;
const BROKER = user("broker", "BROKER");
const SIGNER = user("signer", "SIGNER");

export const STORES = [
  ...mutantsOf("a-service-cannot-write-anothers-keys", [
    [
      "records are told apart by an id that another writer can take first",
      "stream",
      [
        before(
          "packages/records/src/nats/publisher.ts",
          "tryOnce",
          "expect: { lastSubjectSequence: message.after }",
          "msgID: message.subject + message.after",
        ),
        becomes(
          "packages/records/src/nats/publisher.ts",
          "tryOnce",
          "names.set(OWN, id)",
          "names.set(OWN, message.subject + message.after)",
        ),
        never("packages/records/src/nats/publisher.ts", "tryOnce", "ack.duplicate"),
      ],
    ],
    [
      "the broker may write the view",
      "redis",
      becomes(ACL, MODULE, text(`${BROKER} +ping +info +config|get %R~`), `${BROKER} +ping +info +config|get %RW~`),
      { filter: "broker: not one key" },
    ],
    [
      "the signer may run scripts",
      "redis",
      after(ACL, MODULE, text(SIGNER), " +eval"),
      { filter: "signer: not one key" },
    ],
    [
      "a broker may publish in every chain",
      "nats",
      becomes(
        "infra/nats/accounts.conf",
        MODULE,
        text('publish: ["seb.records.broker-1",'),
        'publish: ["seb.records.*",',
      ),
      { filter: "broker-1: not another's subject" },
    ],
  ]),
  ...mutantsOf("a-weak-store-is-not-ready", [
    [
      "Redis' settings are not judged",
      "redis",
      never("packages/authority/src/redis/settings.ts", "weakSettings", "config.get(name) !== REQUIRED[name]"),
      { filter: "two settings at a time" },
    ],
    [
      "Redis' settings are looked at once",
      "redis, while running",
      becomes(
        "packages/authority/src/redis/link.ts",
        "RedisLink.#check",
        "setTimeout(() => void this.#check(), pauseMs)",
        "setTimeout(()=>void this.#check(), 1e9)",
      ),
      { filter: "two settings at a time" },
    ],
    [
      "plaintext and anonymous Redis is used anywhere",
      "redis, exposure",
      always("packages/authority/src/redis/options.ts", "endpointOf", "isLoopback(host)"),
      { filter: "Redis without TLS" },
    ],
    [
      "records go on into a stream that became weak",
      "nats, while running",
      becomes(
        "packages/records/src/nats/sink.ts",
        "Sink.#write",
        'this.#weak().filter((reason) => reason !== "weak_records: stream")',
        "[]",
      ),
      { filter: "discard" },
    ],
  ]),
  ...mutantsOf("a-restarted-store-kills-what-was-issued-and-serves-what-is-new", [
    [
      "a new store does not raise the global epoch",
      "only",
      becomes("apps/revocation/src/status/rebuild.ts", "rebuildRecord", "epochs.global + 1", "epochs.global"),
      { filter: "FLUSHALL" },
    ],
  ]),
  ...mutantsOf("a-dead-brokers-work-is-finished-once", [
    [
      "nobody takes over what another broker left",
      "takeover",
      becomes(
        "apps/broker/src/execution/reconcile.ts",
        "reconcileAll",
        "ownEarlier || pin.value.now_ms > entry.deadline_ms",
        "ownEarlier",
      ),
      { filter: "killed after take: the other" },
    ],
    [
      "a broker's own records decide over what it took over",
      "takeover, again",
      before(
        "apps/broker/src/execution/reconcile.ts",
        "endingOf",
        "const said = await connector.reconcile(claims.jti, claims.contract, signal);",
        'if (undecided) return { state: "not_executed", code: "no_decision", detail: "", result: {}, by: "reconciler" };',
      ),
      { filter: "whoever took over and died" },
    ],
    [
      "a broker that comes back ends once more what another one ended",
      "takeover, after",
      never("apps/broker/src/execution/reconcile.ts", "endedElsewhere", "answer.fence > fence"),
      { filter: "killed after execute: the other" },
    ],
  ]),
  ...mutantsOf("services-start-in-any-order", [
    [
      "a service ends when a server is not there yet",
      "only",
      becomes(
        "packages/service-kit/src/main/waiting-room.ts",
        "attempted",
        "if (isFinal(error)) throw error;",
        "throw error;",
      ),
      { filter: "signer.*broker.*revocation.*redis.*nats" },
    ],
  ]),
];

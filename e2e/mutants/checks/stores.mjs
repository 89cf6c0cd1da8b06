import { edit, mutantsOf } from "./mutant.mjs";

const RECONCILE = "apps/broker/dist/execution/reconcile.js";
const SAID = "const said = await connector.reconcile(claims.jti, claims.contract, signal);";
const ACL = "infra/redis/users.acl.template";
const ACCOUNTS = "infra/nats/accounts.conf";
const REDIS = "packages/authority/dist/redis";
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
        edit(
          "packages/records/dist/nats/publisher.js",
          "expect: {",
          "msgID: message.subject + message.after, expect: {",
        ),
        edit(
          "packages/records/dist/nats/publisher.js",
          "names.set(OWN, id);",
          "names.set(OWN, message.subject + message.after);",
        ),
        edit("packages/records/dist/nats/publisher.js", 'ack.duplicate ? "unsure" : {', "{"),
      ],
    ],
    [
      "the broker may write the view",
      "redis",
      edit(ACL, `${BROKER} +ping +info +config|get %R~`, `${BROKER} +ping +info +config|get %RW~`),
      { filter: "broker: not one key" },
    ],
    ["the signer may run scripts", "redis", edit(ACL, SIGNER, `${SIGNER} +eval`), { filter: "signer: not one key" }],
    [
      "a broker may publish in every chain",
      "nats",
      edit(ACCOUNTS, 'publish: ["seb.records.broker-1",', 'publish: ["seb.records.*",'),
      { filter: "broker-1: not another's subject" },
    ],
  ]),
  ...mutantsOf("a-weak-store-is-not-ready", [
    [
      "Redis' settings are not judged",
      "redis",
      edit(`${REDIS}/settings.js`, "config.get(name) !== REQUIRED[name]", "false"),
      { filter: "two settings at a time" },
    ],
    [
      "Redis' settings are looked at once",
      "redis, while running",
      edit(
        `${REDIS}/link.js`,
        "setTimeout(()=>void this.#check(), pauseMs);",
        "setTimeout(()=>void this.#check(), 1e9);",
      ),
      { filter: "two settings at a time" },
    ],
    [
      "plaintext and anonymous Redis is used anywhere",
      "redis, exposure",
      edit(`${REDIS}/options.js`, "exposed: isLoopback(host) ?", "exposed: true ?"),
      { filter: "Redis without TLS" },
    ],
    [
      "records go on into a stream that became weak",
      "nats, while running",
      edit(
        "packages/records/dist/nats/sink.js",
        'const why = this.#weak().filter((reason)=>reason !== "weak_records: stream");',
        "const why = [];",
      ),
      { filter: "discard" },
    ],
  ]),
  ...mutantsOf("a-restarted-store-kills-what-was-issued-and-serves-what-is-new", [
    [
      "a new store does not raise the global epoch",
      "only",
      edit("apps/revocation/dist/status/rebuild.js", "global: epochs.global + 1", "global: epochs.global"),
      { filter: "FLUSHALL" },
    ],
  ]),
  ...mutantsOf("a-dead-brokers-work-is-finished-once", [
    [
      "nobody takes over what another broker left",
      "takeover",
      edit(RECONCILE, "ownEarlier || pin.value.now_ms > entry.deadline_ms", "ownEarlier"),
      { filter: "killed after take: the other" },
    ],
    [
      "a broker's own records decide over what it took over",
      "takeover, again",
      edit(
        RECONCILE,
        SAID,
        `if (undecided) return { state: "not_executed", code: "no_decision", detail: "", result: {}, by: "reconciler" };\n    ${SAID}`,
      ),
      { filter: "whoever took over and died" },
    ],
    [
      "a broker that comes back ends once more what another one ended",
      "takeover, after",
      edit(RECONCILE, "return answer.fence > fence &&", "return false &&"),
      { filter: "killed after execute: the other" },
    ],
  ]),
  ...mutantsOf("services-start-in-any-order", [
    [
      "a service ends when a server is not there yet",
      "only",
      edit("packages/service-kit/dist/main/waiting-room.js", "if (isFinal(error)) throw error;", "throw error;"),
      { filter: "signer.*broker.*revocation.*redis.*nats" },
    ],
  ]),
];

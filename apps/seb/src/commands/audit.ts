import type { Command } from "commander";
import { auditQuery } from "../audit/query.js";
import { auditVerify } from "../audit/verify.js";
import { collect, finish, group, type Host } from "../command.js";

/** `seb audit verify|query`. */
export function addAudit(program: Command, host: Host): void {
  const audit = group(program, "audit", "What was done, refused and decided: read from the records alone", [
    "seb audit verify --running",
    "seb audit query --month 2026-03 --policy emergency-rollback --writes",
  ]);
  const on = (command: Command) =>
    command
      .option("--records <dir>", "folder of record chains; may be repeated", collect)
      .option(
        "--heads <dir>",
        "second place of that folder's heads; may be repeated, in the same order; with --nats in any order",
        collect,
      )
      .option("--nats <url>", "server of a JetStream stream of records; may be repeated (SEB_NATS_URL)", collect)
      .option("--nats-user <name>", "a user that may read records (SEB_NATS_USER)")
      .option("--nats-password-file <file>", "that user's password (SEB_NATS_PASSWORD_FILE)")
      .option("--nats-ca <file>", "authority of the servers' certificates (SEB_NATS_CA)")
      .option("--trust <file>", "trust file (SEB_TRUST)")
      .option("--pins <file>", "the trust file's pinned owners (SEB_TRUST_PINS)");
  finish(
    on(
      audit
        .command("verify")
        .description("Verify every chain from its first record: 0 verified, 1 broken or tail not proved"),
    ).option("--running", "accept chains that are still written, when they are verified up to a copied head"),
    host,
    [
      "seb audit verify",
      "seb audit verify --running",
      "seb audit verify --records copy/broker --heads .seb/heads/broker",
      "seb audit verify --running --nats tls://nats:4222 --nats-user audit --nats-password-file audit.password --nats-ca ca.crt",
    ],
    auditVerify,
  );
  finish(
    on(audit.command("query").description("Who did what under which policy"))
      .option("--month <yyyy-mm>", "decided in this month (UTC)")
      .option("--policy <id>", "under this policy")
      .option("--subject <agent>", "by this agent, e.g. agent:oncall-v3")
      .option("--action <name>", "this action")
      .option("--resource <name>", "on this resource")
      .option("--writes", "only what was executed"),
    host,
    [
      "seb audit query --month 2026-03 --policy emergency-rollback --writes",
      "seb audit query --subject agent:oncall-v3 --json",
    ],
    auditQuery,
  );
}

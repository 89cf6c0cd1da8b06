import {
  EpochTarget,
  fail,
  isStated,
  type OrderAnswer,
  type OrderBody,
  REVOCATION_KINDS,
  type Result,
  RevocationTarget,
  validate,
} from "@seb/schema";
import type { Command } from "commander";
import { askRevocations, sendResolution } from "../api.js";
import { collect, finish, group, type Host, type Invocation } from "../command.js";
import { giveOrder, operatorsOf, reasonOf, signOrder } from "../orders.js";
import { done, type Outcome, refused } from "../outcome.js";
import { revocationsTable } from "../tables.js";

const KINDS = REVOCATION_KINDS.join(", ");

function targetOf(kind = "", value = kind === "everything" ? "*" : ""): Result<RevocationTarget> {
  if (!REVOCATION_KINDS.some((known) => known === kind)) return fail("usage", `the kinds are ${KINDS}`);
  const target = validate(RevocationTarget, { kind, value }, "usage");
  return target.ok ? target : fail("usage", `that is not the value of a ${kind}`);
}

function epochOf(kind = "", value = kind === "global" ? "*" : ""): Result<EpochTarget> {
  const target = validate(EpochTarget, { kind, value }, "usage");
  return target.ok ? target : fail("usage", "global, subject agent:<name> or policy <name>");
}

const seen = (what: string) => (answer: OrderAnswer) => `${what} (order ${answer.order}, view ${answer.seq})\n`;

async function revoke(invocation: Invocation): Promise<Outcome> {
  const target = targetOf(...invocation.args);
  if (!target.ok) return refused(target.error);
  const { until } = invocation.flags;
  const seconds = typeof until === "string" ? Date.parse(until) / 1000 : undefined;
  if (seconds !== undefined && !Number.isInteger(seconds))
    return refused(fail("usage", "--until is a time like 2026-03-01T12:00:00Z").error);
  const order: OrderBody = {
    do: "revoke",
    target: target.value,
    ...(seconds === undefined ? {} : { until: seconds }),
  };
  return giveOrder(invocation, order, 1, seen(`revoked ${target.value.kind} ${target.value.value}`));
}

async function lift(invocation: Invocation): Promise<Outcome> {
  const target = targetOf(...invocation.args);
  if (!target.ok) return refused(target.error);
  return giveOrder(
    invocation,
    { do: "lift", target: target.value },
    2,
    seen(`lifted ${target.value.kind} ${target.value.value}`),
  );
}

async function raise(invocation: Invocation): Promise<Outcome> {
  const target = epochOf(...invocation.args);
  if (!target.ok) return refused(target.error);
  return giveOrder(invocation, { do: "epoch", target: target.value }, 1, seen(`raised the ${target.value.kind} epoch`));
}

async function resolveExecution(invocation: Invocation): Promise<Outcome> {
  const [certificate = ""] = invocation.args;
  const { state } = invocation.flags;
  if (typeof state !== "string" || !isStated(state))
    return refused(fail("usage", "--state is executed or not_executed").error);
  const reason = reasonOf(invocation);
  if (!reason.ok) return refused(reason.error);
  const operators = await operatorsOf(invocation, 1);
  if (!operators.ok) return refused(operators.error);
  const [operator] = operators.value;
  if (operator === undefined || !/^c_[a-z2-7]{26}$/.test(certificate))
    return refused(fail("usage", "the certificate's id is c_ and 26 characters").error);
  const order: OrderBody = { do: "resolve", certificate, state };
  const token = await signOrder(operator, order, reason.value, invocation.io.nowMs());
  const answer = await sendResolution(invocation, token);
  if (!answer.ok) return refused(answer.error);
  return done(
    { ok: true, ...answer.value },
    `${certificate} is ${answer.value.state} by the word of ${operator.key.name}\n`,
  );
}

async function list(invocation: Invocation): Promise<Outcome> {
  const answer = await askRevocations(invocation);
  return answer.ok ? done({ ok: true, ...answer.value }, revocationsTable(answer.value)) : refused(answer.error);
}

const signed = (command: Command) =>
  command
    .option("--reason <text>", "why, in one line; it stands in the journal")
    .option("--operator <file>", "an operator's key file (SEB_OPERATOR_KEYS); may be repeated", collect)
    .option("--trust <file>", "trust file (SEB_TRUST)")
    .option("--pins <file>", "the trust file's pinned owners (SEB_TRUST_PINS)");
const ofRevocation = (command: Command) =>
  command.option("--revocation-url <url>", "the revocation service (SEB_REVOCATION_URL)");

/** `revoke`, `lift`, `revocations`, `epoch raise`, `resolve`. */
export function addRevocation(program: Command, host: Host): void {
  const onKind = (name: string, summary: string) =>
    ofRevocation(
      signed(program.command(name).argument("<kind>", KINDS).argument("[value]", "what; nothing for everything")),
    ).description(summary);
  finish(
    onKind("revoke", "Stop at once: one operator's order").option("--until <time>", "stands until then (RFC 3339)"),
    host,
    [
      'seb revoke subject agent:oncall-v3 --reason "key seen in a log"',
      'seb revoke resource "service:checkout/region:*" --reason "incident 4711"',
      'seb revoke everything --reason "drill"',
    ],
    revoke,
  );
  finish(
    onKind("lift", "Lift a standing revocation: two operators' orders within 10 minutes"),
    host,
    ['seb lift subject agent:oncall-v3 --reason "key replaced" --operator alice.json --operator bob.json'],
    lift,
  );
  finish(
    ofRevocation(program.command("revocations")).description(
      "List what stands revoked, the epochs and the active bundle",
    ),
    host,
    ["seb revocations", "seb revocations --json"],
    list,
  );
  const epoch = group(program, "epoch", "Kill what was issued so far", [
    'seb epoch raise global --reason "signer replaced"',
  ]);
  finish(
    ofRevocation(
      signed(epoch.command("raise").argument("<kind>", "global, subject or policy").argument("[value]", "which")),
    ).description("Raise an epoch: certificates issued before are dead, new ones work"),
    host,
    [
      'seb epoch raise global --reason "signer replaced"',
      'seb epoch raise policy auto-low-risk-v2 --reason "too wide"',
    ],
    raise,
  );
  finish(
    signed(program.command("resolve").argument("<cert_id>", "the certificate's id"))
      .description("Say what became of an unknown execution, as a named operator")
      .option("--state <state>", "executed or not_executed")
      .option("--broker-url <url>", "the broker (SEB_BROKER_URL)"),
    host,
    ['seb resolve c_... --state executed --reason "seen in the target"'],
    resolveExecution,
  );
}

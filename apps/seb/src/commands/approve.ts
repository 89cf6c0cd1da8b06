import { createDeadline } from "@seb/concurrency";
import { fail, type PendingAnswer, RequestId, type Result, validate } from "@seb/schema";
import { createProver, type KeyFile } from "@seb/seal";
import type { Command } from "commander";
import { askPending, sendApproval } from "../api.js";
import { recompile } from "../approval/recompile.js";
import { environmentOf, signApproval } from "../approval/sign.js";
import { pendingView } from "../approval/view.js";
import { finish, type Host, type Invocation, TIMEOUT_MS } from "../command.js";
import { readKey } from "../key-files.js";
import { done, type Outcome, refused } from "../outcome.js";
import { loadTrust } from "../trust-file.js";

/** Who approves, and in which environment. */
interface Approver {
  readonly key: KeyFile;
  readonly audience: string;
}

async function approverOf({ settings, io }: Invocation): Promise<Result<Approver>> {
  const path = settings.get("key");
  if (!path.ok) return path;
  const key = readKey(path.value, "approval");
  if (!key.ok) return key;
  const trust = await loadTrust(settings, io.nowMs());
  if (!trust.ok) return trust;
  const audience = environmentOf(trust.value);
  return audience.ok ? { ok: true, value: { key: key.value, audience: audience.value } } : audience;
}

async function approve(invocation: Invocation): Promise<Outcome> {
  const id = validate(RequestId, invocation.args[0], "usage");
  if (!id.ok || !id.value.startsWith("p_"))
    return refused(fail("usage", "a request that waits for people is named p_ and 26 characters").error);
  const approver = await approverOf(invocation);
  if (!approver.ok) return refused(approver.error);
  const prover = await createProver(approver.value.key, "approval");
  if (!prover.ok) return refused(prover.error);
  const asked = await askPending(invocation, id.value, prover.value);
  if (!asked.ok) return refused(asked.error);
  const request = asked.value;
  if (request.request !== id.value) return refused(fail("answer_invalid", "the answer is about another request").error);
  if (request.state !== "pending")
    return refused(fail("approval_invalid", "nothing waits for approval", { facts: { state: request.state } }).error);
  const contract = recompile(request, invocation.settings.find("bundles")?.value);
  if (!contract.ok) return refused(contract.error);
  const unconfirmed = await confirm(invocation, pendingView(request, contract.value));
  if (unconfirmed !== undefined) return unconfirmed;
  const compiled = contract.value !== undefined;
  if (invocation.flags.yes === true) return give(invocation, request, approver.value, compiled);
  // The person may have read for longer than the command's own deadline.
  const deadline = createDeadline(TIMEOUT_MS);
  try {
    return await give({ ...invocation, deadline }, request, approver.value, compiled);
  } finally {
    deadline.clear();
  }
}

/** Shows what would be approved; undefined when the person wants it. */
async function confirm({ io, flags }: Invocation, view: string): Promise<Outcome | undefined> {
  io.err(view);
  if (flags.yes === true) return undefined;
  if (io.confirm === undefined)
    return refused(fail("usage", "nothing was signed: give --yes, or run this at a terminal").error);
  return (await io.confirm("Approve exactly this?")) ? undefined : refused(fail("usage", "nothing was signed").error);
}

async function give(
  invocation: Invocation,
  request: PendingAnswer,
  { key, audience }: Approver,
  compiled: boolean,
): Promise<Outcome> {
  const approval = await signApproval(request, key, audience, invocation.io.nowMs());
  if (!approval.ok) return refused(approval.error);
  const answer = await sendApproval(invocation, request.request, approval.value);
  if (!answer.ok) return refused(answer.error);
  const missing = answer.value.needed - answer.value.approvals;
  const next = missing > 0 ? `${missing} more needed` : "the agent may ask again for the same proposal";
  return done(
    { ok: true, ...answer.value, approver: key.name, contract_compiled: compiled },
    `approved ${request.request} as ${key.name}: ${next}\n`,
  );
}

/** `seb approve <request id>`. */
export function addApprove(program: Command, host: Host): void {
  finish(
    program
      .command("approve")
      .argument("<request>", "the id that the agent was answered: p_ and 26 characters")
      .description("Approve, as a person, what a policy alone does not permit; shows it first")
      .option("--key <file>", "your own approver's key file (SEB_APPROVER_KEY)")
      .option("--yes", "do not ask at the terminal")
      .option("--bundles <dir>", "bundles to compile the contract from and compare (SEB_BUNDLES)")
      .option("--signer-url <url>", "the signer (SEB_SIGNER_URL)")
      .option("--trust <file>", "trust file (SEB_TRUST)")
      .option("--pins <file>", "the trust file's pinned owners (SEB_TRUST_PINS)"),
    host,
    ["seb approve p_... --key carol.json", "seb approve p_... --key carol.json --yes --json"],
    approve,
  );
}

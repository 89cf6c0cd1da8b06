import { askGuard, type ExecuteResult } from "@seb/connector";
import { pathOf, UID_KEY } from "@seb/connector-kubernetes-language";
import type { KubeClient, Reply } from "./client.js";
import { bindingsPath, type Identity } from "./identity.js";
import { textAt } from "./json.js";
import { readObject } from "./observe.js";
import { type PatchStep, patchOf } from "./patch.js";
import { type Plan, resultOf } from "./plan.js";
import { policyOf, verdictOf } from "./replies.js";
import { gitopsClaim, holds, type Sight } from "./sight.js";
import { deletionOf } from "./withdraw.js";

/** One execution, checked and ready to be sent. */
export interface Job {
  readonly client: KubeClient;
  readonly plan: Plan;
  readonly identity: Identity;
  /** The object as it was seen last, when it was seen at all. */
  readonly seen: Sight | undefined;
  readonly signal: AbortSignal;
  /** Wall clock in milliseconds after which nothing is sent. */
  readonly notAfterMs: number;
  readonly nowMs: () => number;
  /** Longest time that the API server may spend on the write, in whole seconds. */
  readonly writeTimeoutSeconds: number;
  /** What stops this execution in this process. */
  readonly stopped: () => "recalled" | "fence_lost" | undefined;
}

type NotExecuted = Extract<ExecuteResult, { state: "not_executed" }>;
type Write = { readonly body: readonly PatchStep[] | ReturnType<typeof deletionOf>; readonly shape: string };

const MAX_SENDINGS = 12;
/** A new binding may take this long to reach the part of the API server that authorises. */
const BIND_LAG_MS = 1000;
const FIRST_PAUSE_MS = 2;
const REPLY_MARGIN_MS = 2000;
const STOPPED = "Stopped before anything was sent.";

/**
 * Executes, and takes back a promise that cannot be kept: once a sending was lost on the way, and the marker does not say that it arrived,
 * nothing is certain before a fence.
 */
export async function executeJob(job: Job, guard: () => Promise<boolean>): Promise<ExecuteResult> {
  const lost = { once: false };
  const end = await executeUntilAnswered(job, guard, lost);
  if (!lost.once || end.state !== "not_executed") return end;
  return { state: "unknown", detail: "One sending was lost on the way and may still arrive." };
}

/**
 * Sends the change as the execution's identity. The server holds it to what was certified; when it refuses, the object is read again to say
 * why, and the change is sent anew only while everything certified still holds and something else was in the way. What was lost with a
 * closed connection is sent anew once: whichever arrives first, the marker makes the other fail.
 */
async function executeUntilAnswered(
  job: Job,
  guard: () => Promise<boolean>,
  lost: { once: boolean },
): Promise<ExecuteResult> {
  let sight = job.seen;
  let refusedShape: string | undefined;
  for (let sendings = 0; ; sendings += 1) {
    if (sight === undefined) {
      const read = await look(job, sendings > 0);
      if ("state" in read) return read;
      sight = read;
    }
    const end = judge(job, sight);
    if (end !== undefined) return end;
    const write = writeOf(job, sight);
    if ("state" in write) return write;
    if (refusedShape === write.shape) return notExecuted("target_refused", "The API server refused the change.");
    if (sendings === MAX_SENDINGS) return notExecuted("target_unavailable", "The API server did not take the change.");
    const hindrance = await mayNotSend(job, guard);
    if (hindrance !== undefined) return hindrance;
    const reply = await send(job, write);
    const verdict = verdictOf(reply);
    if (verdict === "done") return { state: "executed", result: resultOf(job.plan.operation, sight.uid) };
    if (verdict === "unclear" || (verdict === "lost" && lost.once))
      return { state: "unknown", detail: "The connection ended before the API server had answered." };
    if (verdict === "unsent") return notExecuted("target_unavailable", STOPPED);
    if (verdict === "lost") lost.once = true;
    if (verdict === "refused" && policyOf(reply) !== undefined) {
      const again = await look(job, true);
      if ("state" in again) return again;
      return (
        judge(job, again) ??
        notExecuted("target_refused", `The admission policy ${policyOf(reply)} refused the change.`)
      );
    }
    if (verdict === "refused") refusedShape = write.shape;
    if (verdict === "unbound") {
      const unbound = await whileUnbound(job, sendings);
      if (unbound !== undefined) return unbound;
    }
    if (verdict === "busy") await pause(sendings, job.signal);
    sight = undefined;
  }
}

/** The object now, or the end of the execution because it cannot be had. */
async function look({ client, plan, signal }: Job, hasSent: boolean): Promise<Sight | ExecuteResult> {
  const read = await readObject(client, plan.operation.object, signal);
  if (read.ok) return read.value;
  if (read.error.facts?.status === 404)
    return notExecuted("state_drifted", "The certified object is not there any more.");
  // Everything sent so far was refused for good, but a copy of this execution may have been faster.
  if (hasSent) return { state: "unknown", detail: "Refused, and the object could not be read to say why." };
  return notExecuted(
    read.error.code === "target_unavailable" ? "target_unavailable" : "target_refused",
    read.error.detail,
  );
}

/** The end of the execution that the object itself tells; undefined while the change may be sent. */
function judge({ plan }: Job, sight: Sight): ExecuteResult | undefined {
  if (sight.marker === plan.certId) return { state: "executed", result: resultOf(plan.operation, sight.uid) };
  if (sight.uid !== plan.precondition[UID_KEY])
    return notExecuted("state_drifted", "Another object has taken the certified one's name.");
  if (sight.deleting) return notExecuted("state_drifted", "The certified object is being deleted.");
  if (gitopsClaim(sight) !== undefined)
    return notExecuted("target_refused", "Another tool has come to manage the object.");
  if (!holds(sight, plan.certified, plan.precondition))
    return notExecuted("state_drifted", "A certified field has changed since it was observed.");
  return undefined;
}

function writeOf({ plan }: Job, sight: Sight): Write | NotExecuted {
  const { operation, certified, certId } = plan;
  // A deletion has no tests: the server is held to the very version that was compared.
  if (operation.verb === "delete") return { body: deletionOf(sight.uid, sight.version), shape: sight.version };
  const steps = patchOf(sight, certified, operation, certId);
  if (!steps.ok) return notExecuted("target_refused", steps.error.detail);
  return { body: steps.value, shape: JSON.stringify(steps.value) };
}

function send({ client, plan, identity, signal, writeTimeoutSeconds }: Job, { body }: Write): Promise<Reply> {
  const { operation } = plan;
  return client.call({
    method: operation.verb === "patch" ? "PATCH" : "DELETE",
    // The server gives up by itself, so that a fence knows how long to wait for what is under way.
    path: `${pathOf(operation.object)}?timeout=${writeTimeoutSeconds}s`,
    body,
    contentType: operation.verb === "patch" ? "application/json-patch+json" : "application/json",
    token: identity.token,
    signal,
    timeoutMs: writeTimeoutSeconds * 1000 + REPLY_MARGIN_MS,
  });
}

/** RBAC refused: a young binding is given a moment, one that is gone was taken away. Undefined when it is worth trying again. */
async function whileUnbound(job: Job, sendings: number): Promise<NotExecuted | undefined> {
  const { client, plan, identity, signal } = job;
  const path = `${bindingsPath(plan.identity.namespace)}/${plan.identity.name}`;
  const binding = await client.call({ method: "GET", path, signal });
  const stands =
    binding.answered && binding.status === 200 && textAt(binding.body, "metadata", "uid") === identity.bindingUid;
  if (binding.answered && !stands)
    return notExecuted(job.stopped() ?? "fence_lost", "The execution's identity was taken back.");
  if (performance.now() - identity.boundAtMs > BIND_LAG_MS)
    return notExecuted("target_refused", "The execution's role does not permit the change.");
  await pause(sendings, signal);
  return undefined;
}

/** 2, 4, 8, ... milliseconds; ends at once when the signal is aborted. */
function pause(sendings: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, FIRST_PAUSE_MS * 2 ** Math.min(sendings, 7));
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });
}

/** Why nothing may be sent any more; the guard comes last, immediately before the sending. */
async function mayNotSend(job: Job, guard: () => Promise<boolean>): Promise<NotExecuted | undefined> {
  const { signal } = job;
  const allowed = job.stopped() === undefined && !signal.aborted && (await askGuard(guard, signal));
  if (signal.aborted) return notExecuted("target_unavailable", STOPPED);
  const stopped = job.stopped();
  if (stopped !== undefined) return notExecuted(stopped, "The execution's identity was taken back.");
  if (!allowed) return notExecuted("recalled", "The guard said no.");
  if (job.nowMs() >= job.notAfterMs) return notExecuted("expired", "The certificate's window has ended.");
  return undefined;
}

function notExecuted(code: NotExecuted["code"], detail: string): NotExecuted {
  return { state: "not_executed", code, detail };
}

import { proposalDigest } from "@seb/canonical";
import { type Agent, type CallFailure, type CallResult, freshId } from "@seb/client";
import { type CertificateAnswer, CODES, RequestId, validate } from "@seb/schema";
import type { Io } from "../io.js";
import { jobFolder } from "../job/folder.js";
import { openPendingRequests, type PendingRequests } from "../job/pending-request.js";
import { forget, keep } from "../job/state.js";
import { openSession, type Session, withAgent } from "../session.js";
import type { ActionCommandFlags, Given } from "./flags.js";
import { type Prepared, prepare } from "./proposal.js";

export interface Obtained {
  readonly answer: CertificateAnswer;
  readonly prepared: Prepared;
  readonly agent: Agent;
  readonly notes: readonly string[];
}

/**
 * Asks for a certificate and keeps what came of it for the job's later steps: first `none:u_...`, so that nothing stale
 * remains whatever happens next; then the certificate, or `none:` and the id of the request that signer or broker refused or
 * that waits. A command that was used wrongly before it asked for a certificate leaves nothing: no signer was missed.
 * `work` runs with the certificate, while the agent's connections are open.
 */
export async function obtain<T>(
  io: Io,
  given: Given<ActionCommandFlags>,
  complete: boolean,
  work: (obtained: Obtained, session: Session) => Promise<CallResult<T>>,
): Promise<CallResult<T>> {
  const session = openSession(io, given.flags);
  const folder = session.ok ? session.value.folder : jobFolder(io, undefined);
  const begun = keep(io, folder, `none:${freshId("u_")}`);
  let asked = false;
  const outcome = !session.ok
    ? session
    : !begun.ok
      ? begun
      : await attempt(
          session.value,
          given,
          complete,
          (obtained) => work(obtained, session.value),
          () => {
            asked = true;
          },
        );
  if (!outcome.ok && !asked && isWrongUse(outcome.error)) forget(io, folder);
  return outcome;
}

/** Prepares, asks, keeps the certificate and works with it. `onAsk` is called just before the signer is asked for one. */
function attempt<T>(
  session: Session,
  given: Given<ActionCommandFlags>,
  complete: boolean,
  work: (obtained: Obtained) => Promise<CallResult<T>>,
  onAsk: () => void,
): Promise<CallResult<T>> {
  const { io, folder } = session;
  const pending = folder === undefined ? undefined : openPendingRequests(folder, io.nowMs);
  return withAgent(
    session,
    ["signer", "broker"],
    async (agent) => {
      const prepared = await prepare(session, agent, given, complete);
      if (!prepared.ok) return refused(session, prepared.error);
      onAsk();
      const answer = await ask(session, agent, prepared.value, pending);
      if (!answer.ok) return refused(session, answer.error);
      const kept = keep(io, folder, answer.value.certificate, prepared.value.operation);
      const notes = kept.ok ? [] : [`the certificate could not be kept: ${kept.error.detail}`];
      return work({ answer: answer.value, prepared: prepared.value, agent, notes });
    },
    pending?.store,
  );
}

function ask(session: Session, agent: Agent, prepared: Prepared, pending: PendingRequests | undefined) {
  const { proposal } = prepared;
  const idempotencyKey = pending?.keyFor(proposalDigest(proposal));
  return agent.requestCertificate(proposal, {
    ...session.left(),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  });
}

/** Nothing was asked because the command was used wrongly; what a service answered is not that. */
function isWrongUse(error: CallFailure): boolean {
  return error.problem === undefined && CODES[error.code].exit === CODES.usage.exit;
}

/**
 * Any service's refusal and a pending answer replace the unreached request's id by their own, whether the refused request was
 * the one for the certificate or one on the way to it: for the action's definition, or for an observation.
 */
function refused(session: Session, error: CallFailure): CallResult<never> {
  const id = validate(RequestId, error.problem?.request_id ?? "", "answer_invalid");
  if (!id.ok) return { ok: false, error };
  const kept = keep(session.io, session.folder, `none:${id.value}`);
  return kept.ok ? { ok: false, error } : kept;
}

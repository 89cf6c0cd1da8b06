import type { CallResult, Reader } from "@seb/client";
import { CODES, type ExecutionRequest, isCode, type VerificationAnswer } from "@seb/schema";
import type { Io } from "../io.js";
import { certificateOf } from "../job/state.js";
import { table } from "../report.js";
import { type Outcome, openSession, type Printed, type Session, withAgent, withReader } from "../session.js";
import { noneOf } from "./certificate.js";
import type { ActionCommandFlags, Given } from "./flags.js";
import { operationFor } from "./operation.js";

/**
 * `broker-cli verify`: asks the broker whether a certificate would be executed, or reports to it a request that got none.
 * Exit code 0 would execute, 1 would refuse or was refused by signer or broker, 3 nothing answered, 4 waits for approval.
 */
export async function verify(io: Io, given: Given<ActionCommandFlags>): Promise<Outcome> {
  const session = openSession(io, given.flags);
  if (!session.ok) return session;
  const certificate = certificateOf(io, session.value.folder, given.flags.cert);
  if (!certificate.ok) return certificate;
  const none = noneOf(certificate.value);
  const work = async (reader: Reader): Promise<CallResult<Printed>> => {
    const answer =
      none === undefined
        ? await ask(session.value, reader, certificate.value, given)
        : await reader.report(none, session.value.left());
    return answer.ok ? { ok: true, value: printed(answer.value, none) } : answer;
  };
  const key = session.value.settings.key();
  if (!key.ok) return key;
  return key.value === undefined
    ? withReader(session.value, ["broker"], work)
    : withAgent(session.value, ["broker"], work);
}

async function ask(
  session: Session,
  reader: Reader,
  certificate: string,
  given: Given<ActionCommandFlags>,
): Promise<CallResult<VerificationAnswer>> {
  const operation = await operationFor(session, reader, certificate, given);
  // Wrong use is said; what merely is not known is left out, and the broker lists it as not checked.
  if (!operation.ok && operation.error.code === "usage") return operation;
  const request = operation.ok ? complete(operation.value.request, operation.value.shape.required) : undefined;
  return reader.verify({ certificate, ...(request === undefined ? {} : { operation: request }) }, session.left());
}

function complete(request: ExecutionRequest, names: readonly string[]): ExecutionRequest | undefined {
  return names.every((name) => request.parameters[name] !== undefined) ? request : undefined;
}

/** What became of a reported request, in one line: the broker counts waiting requests with the refused ones. */
function fateOf(answer: VerificationAnswer, request: string | undefined): readonly string[] {
  const { code } = answer;
  if (request?.startsWith("p_"))
    return [
      `no certificate yet: request ${request} waits for approval. Run agent-cli request-cert again once approved.`,
    ];
  return isCode(code) ? [`${code}: ${CODES[code].title} ${CODES[code].remedy}`] : [];
}

/** @param request id of the request that got no certificate, when that is what was reported. */
function printed(answer: VerificationAnswer, request: string | undefined): Printed {
  const { verdict, code } = answer;
  const exits = { would_execute: 0, would_refuse: 1, no_certificate_refused: 1, no_certificate_unreachable: 3 };
  const waits = request?.startsWith("p_") === true;
  return {
    text: table([
      ["verdict", verdict],
      ...(code === null ? [] : [["code", code] as const]),
      ...(answer.step === null ? [] : [["step", answer.step] as const]),
      ...(answer.cert_id === null ? [] : [["cert_id", answer.cert_id] as const]),
      ...(request === undefined ? [] : [["request", request] as const]),
      ["checked", answer.checked.join(" ") || "-"],
      ["not_checked", answer.not_checked.join(" ") || "-"],
    ]),
    json: request === undefined ? answer : { ...answer, request },
    exit: waits ? CODES.approval_pending.exit : exits[verdict],
    notes: fateOf(answer, request),
  };
}

import { fail, outcomeOf } from "@seb/schema";
import type { Io } from "../io.js";
import { certificateOf } from "../job/state.js";
import { type Outcome, openSession, withAgent } from "../session.js";
import { requireAll } from "../settings/values.js";
import { isBrokenNone, noneFailure, noneOf } from "./certificate.js";
import { executionText } from "./execution-view.js";
import type { ActionCommandFlags, Given } from "./flags.js";
import { operationFor } from "./operation.js";
import { present } from "./present.js";

/** `agent-cli execute`: presents a certificate and restates the operation. */
export async function execute(io: Io, given: Given<ActionCommandFlags>): Promise<Outcome> {
  const session = openSession(io, given.flags);
  if (!session.ok) return session;
  const certificate = certificateOf(io, session.value.folder, given.flags.cert);
  if (!certificate.ok) return certificate;
  const none = noneOf(certificate.value);
  if (none !== undefined) return noneFailure(none);
  if (isBrokenNone(certificate.value))
    return fail("token_malformed", "the certificate is malformed: none: stands before the id of a request");
  return withAgent(session.value, ["broker"], async (agent) => {
    const operation = await operationFor(session.value, agent, certificate.value, given);
    if (!operation.ok) return operation;
    const { shape, request } = operation.value;
    const enough = requireAll(shape, request.parameters);
    if (!enough.ok) return enough;
    const executed = await present(session.value, agent, certificate.value, request);
    if (!executed.ok) return executed;
    const { value } = executed;
    return { ok: true, value: { text: executionText(value), json: value, exit: outcomeOf(value.state).exit } };
  });
}

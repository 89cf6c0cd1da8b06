import { outcomeOf } from "@seb/schema";
import type { Io } from "../io.js";
import type { Outcome } from "../session.js";
import { executionText } from "./execution-view.js";
import type { ActionCommandFlags, Given } from "./flags.js";
import { obtain } from "./obtain.js";
import { present } from "./present.js";

/** `agent-cli run`: observes, asks for a certificate and executes, in one command. */
export function run(io: Io, given: Given<ActionCommandFlags>): Promise<Outcome> {
  return obtain(io, given, true, async ({ answer, prepared, agent, notes }, session) => {
    const executed = await present(session, agent, answer.certificate, prepared.operation);
    if (!executed.ok) return executed;
    const what = `${answer.cert_id} permitted by policy:${answer.policy}`;
    const { value } = executed;
    return {
      ok: true,
      value: { text: executionText(value), json: value, exit: outcomeOf(value.state).exit, notes: [what, ...notes] },
    };
  });
}

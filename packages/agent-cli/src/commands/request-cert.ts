import type { Io } from "../io.js";
import type { Outcome } from "../session.js";
import type { ActionCommandFlags, Given } from "./flags.js";
import { obtain } from "./obtain.js";

/** `agent-cli request-cert`: prints the certificate and nothing else. */
export function requestCert(io: Io, given: Given<ActionCommandFlags>): Promise<Outcome> {
  return obtain(io, given, false, async ({ answer, notes }) => {
    const until = new Date(answer.not_after * 1000).toISOString();
    const what = `${answer.cert_id} permitted by policy:${answer.policy}, until ${until}, mode ${answer.mode}`;
    return { ok: true, value: { text: `${answer.certificate}\n`, json: answer, notes: [what, ...notes] } };
  });
}

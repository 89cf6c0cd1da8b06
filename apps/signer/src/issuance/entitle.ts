import { checkRevocations } from "@seb/authority";
import { agentAllowed, resourceOf } from "@seb/catalogue";
import { fail, ok, type Result } from "@seb/schema";
import { authenticateAgent } from "../authenticate.js";
import type { Signer } from "../signer.js";
import { readWord } from "../word.js";
import type { Asked, Entitled, Progress } from "./request.js";

/**
 * Step `authenticate`: who asks, by one proof; whether that agent may ask for this action; and that no standing revocation names the agent,
 * its key, the signer's key, the action, the resource, the bundle or everything.
 */
export async function entitle(signer: Signer, asked: Asked, progress: Progress): Promise<Result<Entitled>> {
  const { body } = asked;
  const known = await authenticateAgent(signer, asked);
  if (!known.ok) return known;
  const { agent, jkt, control } = known.value;
  if (!signer.rates.admit(agent.subject)) return fail("rate_limited", "this agent asks too often");
  progress.known = known.value;
  progress.about = { bundle: control.bundle.digest };
  const allowed = agentAllowed(agent, body.action);
  if (!allowed.ok) return allowed;
  const word = await readWord(signer.ports);
  if (!word.ok) return word;
  const standing = checkRevocations(word.value.view, {
    subject: agent.subject,
    keys: [jkt, signer.ports.key.kid],
    bundle: control.bundle.digest,
    action: body.action,
    resource: resourceOf(body.service, body.region),
  });
  return standing.ok ? ok({ ...known.value, word: word.value }) : standing;
}

import { agentAllowed } from "@seb/agents";
import { checkRevocations } from "@seb/authority";
import { resourceOf } from "@seb/catalogue";
import { fail, ok, type Result } from "@seb/schema";
import type { Signer } from "../signer.js";
import type { Asked, Entitled, Progress } from "./request.js";

/**
 * Step `authenticate`: who asks, by one proof; whether that agent may ask for this action; and that no standing revocation names the agent,
 * its key, the signer's key, the action, the resource, the bundle or everything.
 */
export async function entitle(
  signer: Pick<Signer, "agents" | "key" | "rates">,
  asked: Asked,
  progress: Progress,
): Promise<Result<Entitled>> {
  const { body } = asked;
  const known = await signer.agents.identify(asked);
  if (!known.ok) return known;
  const { agent, jkt, control } = known.value;
  if (!signer.rates.admit(agent.subject)) return fail("rate_limited", "this agent asks too often");
  progress.known = known.value;
  progress.about = { bundle: control.bundle.digest };
  const allowed = agentAllowed(agent, body.action);
  if (!allowed.ok) return allowed;
  const entitled = await signer.agents.admit(known.value);
  if (!entitled.ok) return entitled;
  const standing = checkRevocations(entitled.value.word.view, {
    subject: agent.subject,
    keys: [jkt, signer.key.kid],
    bundle: control.bundle.digest,
    action: body.action,
    resource: resourceOf(body.service, body.region),
  });
  return standing.ok ? ok(entitled.value) : standing;
}

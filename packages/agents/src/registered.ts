import type { Bundle } from "@seb/catalogue";
import { type AgentDefinition, fail, ok, type Result } from "@seb/schema";

/**
 * The agent that registered a key.
 *
 * @param jkt RFC 7638 thumbprint of the key that was proved.
 * @returns `agent_unknown` when no agent has it, `agent_expired` from the agent's `expires` second on.
 */
export function agentByKey(
  bundle: Pick<Bundle, "agents">,
  jkt: string,
  nowSeconds: number,
): Result<AgentDefinition, "agent_unknown" | "agent_expired"> {
  for (const agent of bundle.agents.values()) {
    if (!agent.keys.includes(jkt)) continue;
    // Written so that a time that is not a number counts as expired.
    if (nowSeconds < agent.expires) return ok(agent);
    return fail("agent_expired", "The agent's entry has expired.", { facts: { subject: agent.subject } });
  }
  return fail("agent_unknown", "No agent of the bundle has this key.");
}

/** Says whether an agent may ask for an action at all. */
export function agentAllowed(agent: AgentDefinition, action: string): Result<void, "agent_not_allowed"> {
  if (agent.actions.includes(action)) return ok(undefined);
  return fail("agent_not_allowed", "The agent's entry does not list this action.", {
    pointer: "/action",
    facts: { subject: agent.subject },
  });
}

/** Is this the thumbprint of an approver's key in the bundle? */
export function isApproverKey(bundle: Pick<Bundle, "people" | "thresholds">, jkt: string): boolean {
  return [...bundle.people.values()].some(
    ({ groups, keys }) => groups.includes(bundle.thresholds.approver_group) && keys.some(({ kid }) => kid === jkt),
  );
}

import type { Agent, CallResult, Proposal } from "@seb/client";
import { fail, type LiveState, ObservationClaims, validate } from "@seb/schema";
import { decodeUnverified } from "@seb/verify-core";
import type { Io } from "../io.js";
import { table } from "../report.js";
import { type Outcome, openSession, type Session, withAgent } from "../session.js";
import type { ActionCommandFlags, Given } from "./flags.js";
import { type Prepared, prepare } from "./proposal.js";

/** `agent-cli plan`: live state, planned values, scope and what would be asked. Asks for no certificate. */
export async function plan(io: Io, given: Given<ActionCommandFlags>): Promise<Outcome> {
  const session = openSession(io, given.flags);
  if (!session.ok) return session;
  return withAgent(session.value, ["signer", "broker"], async (agent): Promise<Outcome> => {
    const prepared = await prepare(session.value, agent, given, false);
    if (!prepared.ok) return prepared;
    const live = await observe(session.value, agent, prepared.value);
    return live.ok ? { ok: true, value: printed(prepared.value, live.value) } : live;
  });
}

async function observe(session: Session, agent: Agent, { proposal }: Prepared): Promise<CallResult<LiveState>> {
  const { action, service, region } = proposal;
  const observed = await agent.observe({ action, service, region }, session.left());
  if (!observed.ok) return observed;
  const decoded = decodeUnverified(observed.value.observation, "seb-observation+jws");
  const claims = decoded.ok ? validate(ObservationClaims, decoded.value.claims, "answer_invalid") : decoded;
  return claims.ok ? { ok: true, value: claims.value.state } : fail("answer_invalid", "broker: not an observation");
}

/** The scope that the proposal asks for: its bounds, and the fixed parameters that bound themselves. */
function scopeOf({ shape, proposal }: Prepared): Proposal["bounds"] {
  const scope: Record<string, Proposal["bounds"][string]> = {};
  for (const [key, { bounds, by }] of shape.bounds) {
    const value = proposal.bounds[key] ?? (by === "equals" ? proposal.parameters[bounds] : undefined);
    if (value !== undefined) scope[key] = value;
  }
  return scope;
}

function printed(prepared: Prepared, live: LiveState) {
  const { proposal, definition, operation } = prepared;
  const scope = scopeOf(prepared);
  const rows = (values: Readonly<Record<string, unknown>>) =>
    Object.entries(values).map(([name, value]) => [`  ${name}`, String(value)] as const);
  const planned = Object.entries(proposal.parameters).map(([name, value]) => {
    const now = live.values[name];
    return [`  ${name}`, now === undefined ? String(value) : `${String(now)} -> ${String(value)}`] as const;
  });
  const text = table([
    ["action", `${proposal.action} on ${operation.resource}, tier ${definition.tier} or above`],
    ["live", `${live.target} at ${live.version}`],
    ...rows(live.values),
    ...(Object.keys(live.previous).length === 0 ? [] : [["previous", ""] as const, ...rows(live.previous)]),
    ["planned", ""],
    ...planned,
    ["scope", ""],
    ...rows(scope),
    ["evidence", proposal.evidence.map((item) => (item.type === "reference" ? item.name : item.type)).join(" ") || "-"],
    ["mode", proposal.mode ?? "as the control folder says"],
  ]);
  const asked = { method: "POST", path: "/v1/certificates", body: proposal };
  const json = {
    action: proposal.action,
    resource: operation.resource,
    live: { target: live.target, version: live.version, values: live.values, previous: live.previous },
    planned: proposal.parameters,
    scope,
    asked,
  };
  return { text, json, notes: ["nothing was changed, and no certificate was asked for"] };
}

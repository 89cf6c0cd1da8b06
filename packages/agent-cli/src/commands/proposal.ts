import type { Agent, CallResult, Proposal } from "@seb/client";
import type { ActionAnswer, ExecutionRequest } from "@seb/schema";
import { definitionOf, type Session } from "../session.js";
import { readActionFlags } from "../settings/action-flags.js";
import { evidenceOf } from "../settings/evidence.js";
import { type ActionShape, shapeOfAction } from "../settings/shape.js";
import { boundsOf, parametersOf, requireAll, requireForRequest } from "../settings/values.js";
import type { ActionCommandFlags, Given } from "./flags.js";

/** A proposal made of flags, variables and settings, with what it was made from. */
export interface Prepared {
  readonly proposal: Proposal;
  readonly definition: ActionAnswer;
  readonly shape: ActionShape;
  /** The operation as far as the parameters are known. */
  readonly operation: ExecutionRequest;
}

/** Makes the proposal. With `complete`, every parameter must be known, not only bounded. */
export async function prepare(
  session: Session,
  agent: Agent,
  given: Given<ActionCommandFlags>,
  complete: boolean,
): Promise<CallResult<Prepared>> {
  const { settings, io } = session;
  const action = settings.named("action");
  if (!action.ok) return action;
  const service = settings.named("service");
  if (!service.ok) return service;
  const region = settings.named("region");
  if (!region.ok) return region;
  const evidence = evidenceOf(io, given.flags, settings);
  if (!evidence.ok) return evidence;
  const definition = await definitionOf(agent, action.value, session.left());
  if (!definition.ok) return definition;
  const shape = shapeOfAction(definition.value);
  const pairs = { params: given.flags.param ?? [], bounds: given.flags.bound ?? [] };
  const flags = readActionFlags(given.rest, shape, pairs, given.known);
  if (!flags.ok) return flags;
  const sources = { flags: flags.value, env: io.env, file: settings.file.content };
  const parameters = parametersOf(shape, sources);
  if (!parameters.ok) return parameters;
  const bounds = boundsOf(shape, parameters.value, sources);
  if (!bounds.ok) return bounds;
  const enough = complete
    ? requireAll(shape, parameters.value)
    : requireForRequest(shape, parameters.value, bounds.value);
  if (!enough.ok) return enough;
  const resource = `service:${service.value}/region:${region.value}`;
  const proposal: Proposal = {
    action: action.value,
    service: service.value,
    region: region.value,
    parameters: parameters.value,
    bounds: bounds.value,
    evidence: evidence.value,
    ...(given.flags.shadow === true ? { mode: "shadow" as const } : {}),
  };
  const operation = { action: action.value, resource, parameters: parameters.value };
  return { ok: true, value: { proposal, definition: definition.value, shape, operation } };
}

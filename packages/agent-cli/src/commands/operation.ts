import type { CallResult, Reader } from "@seb/client";
import type { CertificateClaims, ExecutionRequest } from "@seb/schema";
import { kept } from "../job/state.js";
import { definitionOf, type Session } from "../session.js";
import { readActionFlags } from "../settings/action-flags.js";
import { type ActionShape, shapeOfAction, shapeOfCertificate } from "../settings/shape.js";
import { parametersOf } from "../settings/values.js";
import { claimsOf } from "./certificate.js";
import type { ActionCommandFlags, Given } from "./flags.js";

/** How long a signer that does not answer may hold up a command that does not need it. */
const DEFINITION_WITHIN_MS = 2000;

export interface Operation {
  readonly shape: ActionShape;
  /** Parameters may be incomplete. */
  readonly request: ExecutionRequest;
}

/**
 * The operation to present with a certificate: action and resource by flag or as the certificate names them, parameters by
 * flag, variable, what the job kept for this very certificate, or settings file. The signer is asked what the parameters
 * are called; when it does not answer, the certificate says enough: executing and verifying go on without the signer.
 */
export async function operationFor(
  session: Session,
  reader: Reader,
  certificate: string,
  given: Given<ActionCommandFlags>,
): Promise<CallResult<Operation>> {
  const { io, settings } = session;
  const claims = claimsOf(certificate);
  const job = kept(session.folder);
  const mine = job?.value === certificate ? job.operation : undefined;
  const target = targetOf(session, given.flags, claims.ok ? claims.value : undefined, mine);
  // A certificate that cannot be read is the first thing wrong, not the flags that would stand in for what it says.
  if (!target.ok) return claims.ok ? target : claims;
  const { action, resource } = target.value;
  const shape = await shapeFor(session, reader, action, claims.ok ? claims.value : undefined, mine);
  if (!shape.ok) return shape;
  const pairs = { params: given.flags.param ?? [], bounds: given.flags.bound ?? [] };
  const flags = readActionFlags(given.rest, { ...shape.value, bounds: new Map() }, pairs, given.known);
  if (!flags.ok) return flags;
  const parameters = parametersOf(shape.value, {
    flags: flags.value,
    env: io.env,
    file: settings.file.content,
    ...(mine === undefined ? {} : { kept: mine.parameters }),
  });
  if (!parameters.ok) return parameters;
  return { ok: true, value: { shape: shape.value, request: { action, resource, parameters: parameters.value } } };
}

function targetOf(
  session: Session,
  flags: ActionCommandFlags,
  claims: CertificateClaims | undefined,
  mine: ExecutionRequest | undefined,
): CallResult<{ action: string; resource: string }> {
  const { settings } = session;
  const known = claims ?? mine;
  const [, knownService, knownRegion] = /^service:([^/]*)\/region:(.*)$/.exec(known?.resource ?? "") ?? [];
  const of = (name: "action" | "service" | "region", fallback: string | undefined) =>
    flags[name] === undefined && fallback !== undefined
      ? ({ ok: true, value: fallback } as const)
      : settings.named(name);
  const action = of("action", known?.action);
  if (!action.ok) return action;
  const service = of("service", knownService);
  if (!service.ok) return service;
  const region = of("region", knownRegion);
  if (!region.ok) return region;
  return { ok: true, value: { action: action.value, resource: `service:${service.value}/region:${region.value}` } };
}

async function shapeFor(
  session: Session,
  reader: Reader,
  action: string,
  claims: CertificateClaims | undefined,
  mine: ExecutionRequest | undefined,
): Promise<CallResult<ActionShape>> {
  const definition = await definitionOf(reader, action, session.left(DEFINITION_WITHIN_MS));
  if (definition.ok) return { ok: true, value: shapeOfAction(definition.value) };
  if (claims === undefined || claims.action !== action) return definition;
  return { ok: true, value: shapeOfCertificate(claims, mine?.parameters) };
}

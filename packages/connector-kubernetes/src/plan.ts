import type { SessionRequest } from "@seb/connector";
import {
  type Certified,
  type KubernetesOperation,
  pathOf,
  readCertified,
  readOperation,
  roleNameOf,
} from "@seb/connector-kubernetes-language";
import { type Contract, fail, failMistakes, ok, type Result } from "@seb/schema";
import type { IdentityPlan } from "./identity.js";
import { identityName } from "./names.js";
import type { KubernetesTarget } from "./targets.js";

/** The parts of an execution that come from its certificate. */
export interface Plan {
  readonly certId: string;
  readonly operation: KubernetesOperation;
  readonly certified: Certified;
  readonly precondition: Contract["precondition"];
  readonly identity: IdentityPlan;
}

/**
 * Reads what is to be done, and checks that the precondition is one of this connector's for this very operation: every field that is
 * written is certified.
 */
export function readPlan(target: KubernetesTarget, request: SessionRequest): Result<Plan, "target_refused"> {
  const { contract, cert_id: certId } = request;
  const operation = readOperation(request.operation.operation, "filled");
  if (!operation.ok) return fail("target_refused", operation.error.detail);
  const identity = identityPlan(target, certId, operation.value);
  if (identity === undefined) return fail("target_refused", "Not a certificate id.");
  const certified = readCertified(operation.value, contract.precondition);
  if (!certified.ok) return failMistakes("target_refused", certified.mistakes);
  return ok({
    certId,
    operation: operation.value,
    certified: certified.value,
    precondition: contract.precondition,
    identity,
  });
}

/** Who executes a certificate; undefined when the id is none. */
export function identityPlan(
  target: KubernetesTarget,
  certId: string,
  operation: KubernetesOperation,
): IdentityPlan | undefined {
  const name = identityName(certId);
  if (name === undefined) return undefined;
  const { namespace, resource, name: object } = operation.object;
  const configured = target.roles[namespace]?.[`${operation.verb} ${resource}/${object}`];
  return {
    name,
    certId,
    executionsNamespace: target.executionsNamespace,
    namespace,
    role: configured ?? roleNameOf(operation),
    audience: target.audience,
  };
}

/** Result of an execution: which object, as long as it lives. */
export function resultOf({ object }: KubernetesOperation, uid: string): Readonly<Record<string, string>> {
  return { object: pathOf(object), uid };
}

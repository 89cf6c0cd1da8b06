import { presentedCertificate } from "@seb/agents";
import { type CertificateClaims, ExecutionReport, ExecutionRequest } from "@seb/schema";
import { type Context, defineRoute, type Reply, type Route } from "@seb/service-kit";
import { admit } from "../admission/admit.js";
import { createStep, runSteps, type TraceRow } from "../admission/steps.js";
import type { Broker } from "../broker.js";
import { decide, execute, take } from "../execution/execute.js";
import { EXECUTION_CODES } from "./codes.js";
import { presentedBy } from "./presented.js";
import { executionReply, refuse } from "./reply.js";

/** `POST /v1/executions`: presents a certificate with a proof and restates the operation; the broker executes the certified contract. */
export function postExecutions(broker: Broker): Route {
  return defineRoute({
    method: "POST",
    path: "/v1/executions",
    summary: "Execute a certified change",
    auth: "certificate",
    codes: EXECUTION_CODES,
    body: ExecutionRequest,
    success: { status: 200, body: ExecutionReport },
    handle: (context) => handle(broker, context),
  });
}

async function handle(broker: Broker, context: Context<ExecutionRequest>): Promise<Reply> {
  const { config } = broker;
  const certificate = presentedCertificate(context);
  if (!certificate.ok) return refuse(broker, context, certificate.error, "token", { authentic: false });

  const trace: TraceRow[] = [];
  const stepContext = {
    broker,
    timeoutMs: config.step_timeout_ms,
    requestId: context.requestId,
    trace,
    certId: undefined as string | undefined,
  };
  const step = createStep(stepContext);
  let claims: CertificateClaims | undefined;
  const presented = presentedBy(context, certificate.value, context.body, context.body);

  const steps = await runSteps(async (): Promise<Reply> => {
    const admission = await admit(broker, step, presented, { shadow: false }, (authentic) => {
      claims = authentic;
      stepContext.certId = authentic.jti;
    });
    if (admission.kind === "replayed") return executionReply(broker, admission.execution.answer, true);
    const { checked } = admission;
    if (!checked.operation) throw new Error("admission without an operation");
    const spent = await take(broker, step, checked, checked.operation);
    const decided = await decide(broker, step, spent, { requestId: context.requestId, trace });
    return executionReply(broker, await execute(broker, step, decided), false);
  });
  if (steps.ok) return steps.value;
  if (claims && steps.step === "take" && steps.failure.code === "already_used") {
    // The same operation, presented at the same time, was taken in between: that is a replay like any other.
    const known = await broker.store.lookup(claims.jti);
    if (known.ok && known.value?.op === presented.op) return executionReply(broker, known.value.answer, true);
  }
  const known = claims && {
    cert_id: claims.jti,
    subject: claims.sub,
    action: claims.action,
    resource: claims.resource,
    policy: claims.policy.id,
  };
  return refuse(broker, context, steps.failure, steps.step, {
    authentic: claims !== undefined,
    trace,
    ...(known ? { known } : {}),
  });
}

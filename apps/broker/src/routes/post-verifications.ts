import { presentedCertificate } from "@seb/agents";
import {
  ADMISSION_STEPS,
  type AdmissionStep,
  type CertificateClaims,
  type Failure,
  fail,
  VerificationAnswer,
  VerificationRequest,
} from "@seb/schema";
import { type Context, defineRoute, type Reply, type Route } from "@seb/service-kit";
import { admit } from "../admission/admit.js";
import { createStep, runSteps, type TraceRow } from "../admission/steps.js";
import type { Broker } from "../broker.js";
import { EXECUTION_CODES } from "./codes.js";
import { presentedBy } from "./presented.js";
import { refuse } from "./reply.js";

/** `POST /v1/verifications`: would this execute? The same list with `peek` for `take`; it changes nothing and ends in a record. */
export function postVerifications(broker: Broker): Route {
  return defineRoute({
    method: "POST",
    path: "/v1/verifications",
    summary: "Verify a certificate without executing it",
    auth: "certificate-if-any",
    codes: EXECUTION_CODES,
    body: VerificationRequest,
    success: { status: 200, body: VerificationAnswer },
    handle: (context) => handle(broker, context),
  });
}

/** Everything that is looked at before something becomes durable. */
const SHADOWED: readonly AdmissionStep[] = ADMISSION_STEPS.slice(0, ADMISSION_STEPS.indexOf("record"));

async function handle(broker: Broker, context: Context<VerificationRequest>): Promise<Reply> {
  const certificate = presentedCertificate(context);
  if (!certificate.ok) {
    if (certificate.error.code === "token_missing" && context.body.request !== undefined)
      return report(broker, context, context.body.request);
    return refuse(broker, context, certificate.error, "token", { authentic: false });
  }
  return verify(broker, context, certificate.value, context.body);
}

/** A pipeline's word that it has no certificate: the signer's refusal and an unreachable signer are counted apart. */
async function report(
  broker: Pick<Broker, "metrics" | "refusals">,
  context: Context<VerificationRequest>,
  requestId: string,
): Promise<Reply> {
  const refused = !requestId.startsWith("u_");
  const verdict = refused ? "no_certificate_refused" : "no_certificate_unreachable";
  const code = refused ? "certificate_absent" : "certificate_unasked";
  broker.metrics.verdict(verdict);
  const recorded = await broker.refusals.refuse(false, code, {
    request_id: context.requestId,
    request: requestId,
    shadow: true,
  });
  if (!recorded.ok) return { failure: recorded.error };
  const answer: VerificationAnswer = {
    verdict,
    code,
    step: null,
    cert_id: null,
    checked: [],
    not_checked: [...SHADOWED],
  };
  return { status: 200, body: answer };
}

async function verify(
  broker: Broker,
  context: Context<VerificationRequest>,
  certificate: string,
  request: VerificationRequest,
): Promise<Reply> {
  const { config } = broker;
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
  const operation = request.operation;
  const presented = presentedBy(context, certificate, context.body, operation);
  const steps = await runSteps(async () => {
    const admission = await admit(broker, step, presented, { shadow: true }, (authentic) => {
      claims = authentic;
    });
    if (admission.kind === "replayed")
      return step("replay", () => fail("already_used", "the certificate was executed before"));
    const { take } = admission.checked;
    await step("take", () => broker.store.peek(take));
  });
  const failure: Failure | undefined = steps.ok ? undefined : steps.failure;
  const checked = trace.filter((row) => row.code === null).map((row) => row.step);
  const notChecked = SHADOWED.filter(
    (name) => !checked.some((done) => done === name) && (steps.ok || name !== steps.step),
  );
  const answer: VerificationAnswer = {
    verdict: steps.ok ? "would_execute" : "would_refuse",
    code: failure?.code ?? null,
    step: steps.ok ? null : steps.step,
    cert_id: claims?.jti ?? null,
    checked,
    not_checked: operation ? notChecked : [...notChecked, "operation"],
  };
  broker.metrics.verdict(answer.verdict);
  const recorded = await record(broker, context, answer, claims, failure);
  if (recorded) return recorded;
  return { status: 200, body: answer };
}

/** An authentic certificate's verification has its own record; anything else falls under the budget for strangers. */
async function record(
  broker: Pick<Broker, "chain" | "refusals">,
  context: Context<VerificationRequest>,
  answer: VerificationAnswer,
  claims: CertificateClaims | undefined,
  failure: Failure | undefined,
): Promise<Reply | undefined> {
  if (!claims) {
    const code = failure?.code ?? "token_malformed";
    const counted = await broker.refusals.refuse(false, code, {
      request_id: context.requestId,
      shadow: true,
    });
    return counted.ok ? undefined : { failure: counted.error };
  }
  const recorded = await broker.chain.append("verification", {
    ...answer,
    cert_id: claims.jti,
    request_id: context.requestId,
    subject: claims.sub,
    action: claims.action,
    resource: claims.resource,
    policy: claims.policy.id,
    mode: claims.mode,
  });
  return recorded.ok ? undefined : { failure: recorded.error };
}

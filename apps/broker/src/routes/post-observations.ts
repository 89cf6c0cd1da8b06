import { provenRequest } from "@seb/agents";
import { observePlan } from "@seb/catalogue";
import { fail, ObservationAnswer, ObservationRequest, ok, type Result } from "@seb/schema";
import { type Context, defineRoute, type Route } from "@seb/service-kit";
import type { Broker } from "../broker.js";
import { AGENT_CODES } from "./codes.js";
import { refuse } from "./reply.js";

/** `POST /v1/observations`: a registered agent asks what the target looks like; the answer is signed and short-lived. */
export function postObservations(
  broker: Pick<Broker, "agents" | "clock" | "config" | "connectors" | "log" | "observations" | "refusals">,
): Route {
  const limit = createRateLimit(broker);
  return defineRoute({
    method: "POST",
    path: "/v1/observations",
    summary: "Observe a target before proposing a change",
    auth: "proof",
    codes: [
      ...AGENT_CODES,
      "rate_limited",
      "audience_wrong",
      "action_unknown",
      "service_unknown",
      "target_unknown",
      "target_unavailable",
      "target_refused",
      "managed_by_gitops",
    ],
    body: ObservationRequest,
    success: { status: 200, body: ObservationAnswer },
    handle: async (context) => {
      const observed = await observe(broker, context, limit);
      return observed.ok
        ? { status: 200, body: observed.value }
        : refuse(broker, context, observed.error, "observe", { authentic: false });
    },
  });
}

/** Counts per agent in fixed minutes: enough to keep one agent from wearing out the target. */
function createRateLimit(broker: Pick<Broker, "clock" | "config">): (subject: string) => boolean {
  let minute = 0;
  let counts = new Map<string, number>();
  return (subject) => {
    const now = Math.floor(broker.clock.monotonicMs() / 60_000);
    if (now !== minute) {
      minute = now;
      counts = new Map();
    }
    const count = (counts.get(subject) ?? 0) + 1;
    counts.set(subject, count);
    return count <= broker.config.observations_per_minute;
  };
}

async function observe(
  broker: Pick<Broker, "agents" | "clock" | "config" | "connectors" | "observations">,
  context: Context<ObservationRequest>,
  withinLimit: (subject: string) => boolean,
): Promise<Result<{ observation: string }>> {
  const { config } = broker;
  const known = await broker.agents.authenticate(provenRequest(context, context.body));
  if (!known.ok) return known;
  const { agent, control } = known.value;
  const { bundle } = control;
  if (!withinLimit(agent.subject)) return fail("rate_limited", "too many observations in this minute");
  const { action, service, region } = context.body;
  const plan = observePlan(bundle, action, service, region);
  if (!plan.ok) return plan;
  if (plan.value.audience !== config.audience) return fail("audience_wrong", "that service belongs to another broker");
  const connector = broker.connectors.get(plan.value.connector);
  if (!connector) return fail("target_unknown", "this broker has no such connector");
  const { target, operation, live, resource } = plan.value;
  const state = await connector.observe({
    target,
    operation,
    live,
    signal: AbortSignal.any([context.signal, AbortSignal.timeout(config.step_timeout_ms)]),
  });
  if (!state.ok) return state;
  const iat = Math.floor(broker.clock.nowMs() / 1000);
  const observation = await broker.observations.seal({
    ver: 1,
    iss: config.audience,
    aud: config.audience,
    sub: agent.subject,
    iat,
    exp: iat + config.observation_ttl_seconds,
    bundle: bundle.digest,
    action,
    resource,
    state: state.value,
  });
  return ok({ observation });
}

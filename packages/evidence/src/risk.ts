import type { EvidenceFacts, RiskFactor } from "@seb/schema";
import { artifactOf } from "./artifact.js";
import type { EvidenceInput } from "./provider.js";

/**
 * Names that `risk_weights` in thresholds.yaml may weigh; a factor without a weight adds nothing. `recent_denials` counts once per denial
 * by policy within the last hour, at most three times; every other factor once.
 */
export const RISK_FACTORS = [
  "image_changed",
  "replicas_raised",
  "replicas_doubled",
  "tier_high",
  "tier_critical",
  "outside_window",
  "tests_missing",
  "attestation_missing",
  "attestation_old",
  "live_state_missing",
  "recent_denials",
] as const satisfies readonly RiskFactor[];

/** One named part of a score. */
export interface RiskPart {
  readonly factor: RiskFactor;
  readonly times: number;
  readonly weight: number;
  readonly points: number;
}

/** A score from 0 to 100 and everything that it is made of. */
export interface Risk {
  readonly score: number;
  readonly parts: readonly RiskPart[];
}

/** The most replicas that the scope allows against those that run; undefined when the scope does not concern them. */
function replicas({ definition, scope, observation }: EvidenceInput): { allowed: number; running: number } | undefined {
  const allowed = Object.entries(definition.scope).flatMap(([key, { bounds, by }]) => {
    const bound = scope[key];
    return bounds === "replicas" && (by === "at_most" || by === "equals") && typeof bound === "number" ? [bound] : [];
  });
  if (allowed.length === 0) return undefined;
  const running = observation.state.values.replicas;
  // Nobody knows how many run: any number is more.
  return { allowed: Math.min(...allowed), running: typeof running === "number" ? running : 0 };
}

function changesImage(input: EvidenceInput): boolean {
  const { definition, observation } = input;
  return (
    Object.hasOwn(definition.parameters, "image_digest") && observation.state.values.image !== artifactOf(input)?.image
  );
}

/** Adds up the weights of the factors that hold. Pure: the same facts give the same score, and each point has a name. */
export function assessRisk(input: EvidenceInput, found: EvidenceFacts, tier: number): Risk {
  const scale = replicas(input);
  const times: Readonly<Record<RiskFactor, number>> = {
    image_changed: Number(changesImage(input)),
    replicas_raised: Number(scale !== undefined && scale.allowed > scale.running),
    replicas_doubled: Number(scale !== undefined && scale.allowed > 2 * scale.running),
    tier_high: Number(tier === 2),
    tier_critical: Number(tier >= 3),
    outside_window: Number(!found.window_open || found.freeze),
    tests_missing: Number(!found.tests_passed),
    attestation_missing: Number(!found.image_attested),
    attestation_old: Number(found.image_attested && found.attestation_old),
    live_state_missing: Number(!found.live_fresh),
    recent_denials: Math.min(3, input.recentDenials),
  };
  const weights = input.bundle.thresholds.risk_weights;
  const parts = RISK_FACTORS.flatMap((factor): readonly RiskPart[] => {
    const weight = weights[factor] ?? 0;
    const points = weight * times[factor];
    return points > 0 ? [{ factor, times: times[factor], weight, points }] : [];
  });
  return {
    score: Math.min(
      100,
      parts.reduce((sum, { points }) => sum + points, 0),
    ),
    parts,
  };
}

import type { Json } from "@seb/canonical";
import type { Bundle } from "@seb/catalogue";
import type { ActionDefinition, EvidenceItem, ObservationClaims, ServiceDefinition } from "@seb/schema";
import type { Volatile } from "../journal/bodies.js";

/** What a provider may look at. References come from the agent; everything else was verified before. */
export interface EvidenceInput {
  readonly bundle: Bundle;
  readonly definition: ActionDefinition;
  readonly service: ServiceDefinition;
  readonly subject: string;
  readonly scope: Readonly<Record<string, unknown>>;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly items: readonly EvidenceItem[];
  /** The broker's observation, its signature and freshness already checked. */
  readonly observation: ObservationClaims;
  /** Thumbprints under a standing revocation. */
  readonly revokedKeys: ReadonlySet<string>;
  /** Denials by policy of this agent within the last hour. */
  readonly recentDenials: number;
  readonly nowMs: number;
}

/** What was established. The policies see all of it but `attestation_old`, which the risk counts. */
export interface Judged extends Omit<Volatile, "risk"> {
  readonly previous_image: boolean;
  /** The newest attestation has used up more than half of the age it may reach. */
  readonly attestation_old: boolean;
}

export type FactValue = string | number | boolean | null;

/** What one provider found. */
export interface Finding {
  /** Only what was established; whatever is left out counts as absent. */
  readonly judged: Partial<Judged>;
  /** Short results for the certificate. */
  readonly facts: Readonly<Record<string, FactValue>>;
  /** Why something could not be established; at most 500 characters each, no text of the agent's. */
  readonly reasons: readonly string[];
  /** Everything that was looked at, for the stored evidence. */
  readonly detail: Json;
}

/** A source of evidence. It verifies; it never asserts. What it throws, or does not deliver in time, is absent. */
export interface EvidenceProvider {
  readonly name: string;
  gather(input: EvidenceInput, signal: AbortSignal): Promise<Finding>;
}

/** What counts when nothing is shown: never good. */
export const ABSENT: Judged = {
  tests_passed: false,
  image_attested: false,
  window_open: false,
  freeze: true,
  previous_image: false,
  live_fresh: false,
  attestation_old: true,
};

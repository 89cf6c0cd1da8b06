import type { Json } from "@seb/canonical";
import type { Bundle } from "@seb/catalogue";
import type { ActionDefinition, EvidenceFacts, EvidenceItem, ObservationClaims, ServiceDefinition } from "@seb/schema";

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

/** What one provider found. */
export interface Finding {
  /** Only what was established; whatever is left out counts as absent. */
  readonly facts: Readonly<Partial<EvidenceFacts>>;
  /** Why something could not be established; at most 500 characters each, no text of the agent's. */
  readonly reasons: readonly string[];
  /** Everything that was looked at, for the stored evidence. */
  readonly detail: Json;
}

/** A source of evidence. It verifies; it never asserts. What it throws, or does not deliver in time, is absent. */
export interface EvidenceProvider {
  /** Name of its part of the stored evidence: lower-case snake case. */
  readonly name: string;
  /** Facts that it may establish. What it says of any other does not count. */
  readonly establishes: readonly (keyof EvidenceFacts)[];
  gather(input: EvidenceInput, signal: AbortSignal): Promise<Finding>;
}

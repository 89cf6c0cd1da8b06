import type { ProvenRequest } from "@seb/agents";
import type { Pin, TakeRequest } from "@seb/authority";
import type { Bundle } from "@seb/catalogue";
import type { Connector } from "@seb/connector";
import type { ActionDefinition, CertificateClaims, ExecutionRequest, LiveState, Operation } from "@seb/schema";

/** What an agent presents. */
export interface Presented extends ProvenRequest {
  readonly certificate: string;
  /** The restated operation; absent only in a verification without one. */
  readonly request: ExecutionRequest | undefined;
  /** Digest of the body, which the proof must name. */
  readonly op: string;
}

/** A certificate whose contract was compiled anew and equals the certified one. */
export interface Compiled {
  readonly claims: CertificateClaims;
  readonly signerKid: string;
  readonly bundle: Bundle;
  readonly definition: ActionDefinition;
  readonly connector: Connector;
  /** The certified contract with the agent's parameters; undefined in a verification without them. */
  readonly operation: Operation | undefined;
}

/** Everything that was checked before anything is written. */
export interface Checked extends Compiled {
  readonly pin: Pin;
  readonly seen: LiveState;
  readonly take: TakeRequest;
}

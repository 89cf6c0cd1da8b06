import type { KnownAgent, ProvenRequest, StandingAgent } from "@seb/agents";
import { type CertificateRequest, cutText, type DeniedBody, type PolicyInput } from "@seb/schema";
import type { Control } from "../control.js";

/** What an agent asks for. */
export interface Asked extends ProvenRequest {
  /** `r_...`. */
  readonly requestId: string;
  readonly body: CertificateRequest;
  /** Digest of the body, which the proof must name. */
  readonly op: string;
  readonly idempotencyKey: string | undefined;
}

/** An agent that may ask for this at all, and the word of the revocation service when it asked. */
export type Entitled = StandingAgent<Control>;

/** What is known of a request as it goes from step to step; a refusal records as much as there is. */
export interface Progress {
  known: KnownAgent<Control> | undefined;
  about: Partial<Pick<DeniedBody, "bundle" | "proposal" | "idempotency_key" | "tier">>;
  policyInput: PolicyInput | undefined;
  reasons: readonly string[];
  /** Called when the request has ended, whatever became of it. */
  release: (() => void)[];
}

const CONTROL_CHARACTERS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/** One printable line of at most 500 characters. */
export function asLine(text: string): string {
  return cutText(text.replace(CONTROL_CHARACTERS, " "), 500);
}

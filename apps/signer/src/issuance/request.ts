import type { CertificateRequest, DeniedBody, PolicyInput } from "@seb/schema";
import type { KnownAgent } from "../authenticate.js";
import type { Word } from "../word.js";

/** What an agent asks for. */
export interface Asked {
  /** `r_...`. */
  readonly requestId: string;
  readonly body: CertificateRequest;
  /** Digest of the body, which the proof must name. */
  readonly op: string;
  readonly proof: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly idempotencyKey: string | undefined;
}

/** An agent that may ask for this at all, and the word of the revocation service when it asked. */
export interface Entitled extends KnownAgent {
  readonly word: Word;
}

/** What is known of a request as it goes from step to step; a refusal records as much as there is. */
export interface Progress {
  known: KnownAgent | undefined;
  about: Partial<Pick<DeniedBody, "bundle" | "proposal" | "idempotency_key" | "tier">>;
  policyInput: PolicyInput | undefined;
  reasons: readonly string[];
  /** Called when the request has ended, whatever became of it. */
  release: (() => void)[];
}

const CONTROL_CHARACTERS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/** One printable line of at most 500 characters. */
export function asLine(text: string): string {
  return text.replace(CONTROL_CHARACTERS, " ").slice(0, 500);
}

import type { StatusState, ViewReader } from "@seb/authority";
import type { EvidenceProvider } from "@seb/evidence";
import type { EvidenceStore, RecordChain, RefusalLog } from "@seb/records";
import type { IssuanceStep } from "@seb/schema";
import type { Clock, Log, Metrics } from "@seb/service-kit";
import type { CertificateSigner } from "@seb/signing-core";
import type { Trust } from "@seb/verify-core";

/** Where control bundles are kept, by digest. The text is checked against the digest by whoever opens it. */
export interface BundleStore {
  get(digest: string): Promise<string | undefined>;
}

/**
 * Wraps every step of issuance. The default runs it; tests inject a crash or a pause around one. Deadlines, metrics and codes are
 * added outside of it and cannot be changed by it.
 */
export type StepHook = <T>(name: IssuanceStep, requestId: string, run: () => Promise<T>) => Promise<T>;

/** Everything the signer reaches outside itself. Nothing here leads to production. */
export interface SignerPorts {
  readonly trust: () => Trust;
  readonly key: CertificateSigner;
  /** The journal: this instance's record chain, and the signer's only state. */
  readonly chain: RecordChain;
  readonly refusals: RefusalLog;
  readonly evidence: EvidenceStore;
  readonly status: StatusState;
  readonly view: ViewReader;
  readonly bundles: BundleStore;
  readonly clock: Clock;
  /** Bytes from a cryptographic source. */
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Log;
  readonly metrics: Metrics;
  /** What the servers behind these ports say against being ready, e.g. `weak_store: appendfsync`. */
  readonly health?: () => readonly string[];
  /** Sources of evidence; the built-in ones when left out. */
  readonly providers?: readonly EvidenceProvider[];
  readonly hook?: StepHook;
}

import type { AdmissionStore, StatusState, ViewReader } from "@seb/authority";
import type { Connector } from "@seb/connector";
import type { RecordChain, RefusalLog } from "@seb/records";
import type { AdmissionStep, Ceilings } from "@seb/schema";
import type { Sealer } from "@seb/seal";
import type { Clock, Log, Metrics } from "@seb/service-kit";
import type { Trust } from "@seb/verify-core";

/** Where control bundles are kept, by digest. The text is checked against the digest by whoever opens it. */
export interface BundleStore {
  get(digest: string): Promise<string | undefined>;
}

/**
 * Wraps every step of admission and execution. The default runs it; tests inject a crash or a pause around one.
 * Deadlines, metrics and codes are added outside of it and cannot be changed by it.
 */
export type StepHook = <T>(name: AdmissionStep, certId: string | undefined, run: () => Promise<T>) => Promise<T>;

/** Everything the broker reaches outside itself. */
export interface BrokerPorts {
  readonly trust: () => Trust;
  readonly observations: Sealer;
  readonly chain: RecordChain;
  readonly refusals: RefusalLog;
  readonly store: AdmissionStore;
  readonly view: ViewReader;
  readonly status: StatusState;
  readonly bundles: BundleStore;
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly ceilings: Ceilings;
  /** Digests of ceilings and targets, for every decision. */
  readonly digests: { readonly ceilings: string; readonly targets: string };
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** What the servers behind these ports say against being ready, e.g. `weak_store: appendfsync`. */
  readonly health?: () => readonly string[];
  readonly hook?: StepHook;
}

import type { StatusFeed, ViewWriter } from "@seb/authority";
import type { RecordChain, RefusalLog } from "@seb/records";
import type { Sealer } from "@seb/seal";
import type { Clock, Log, Metrics } from "@seb/service-kit";
import type { Trust } from "@seb/verify-core";

/** Where control bundles are kept, by digest. The text is checked against the digest by whoever opens it. */
export interface BundleStore {
  get(digest: string): Promise<string | undefined>;
}

/** Everything the revocation service reaches outside itself. It can neither issue nor execute. */
export interface RevocationPorts {
  readonly trust: () => Trust;
  readonly sealer: Sealer<"status">;
  /** The order journal: this service's record chain, and the truth. */
  readonly chain: RecordChain;
  readonly refusals: RefusalLog;
  readonly writer: ViewWriter;
  readonly feed: StatusFeed;
  readonly bundles: BundleStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** What the servers behind these ports say against being ready, e.g. `weak_store: appendfsync`. */
  readonly health?: () => readonly string[];
}

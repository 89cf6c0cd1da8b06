import { join } from "node:path";
import { createStatusState, type StatusFeed, type StatusReceiver } from "@seb/authority";
import { createFileFloor } from "@seb/authority/embedded";
import { createRefusalLog, openChain, type RecordChain, type RecordSink, type RefusalLog } from "@seb/records";
import { createFileHeads } from "@seb/records/embedded";
import type { Code } from "@seb/schema";
import { createSealer, type KeyFile } from "@seb/seal";
import { type Clock, type Closers, createMetrics, type Log, type Metrics, need } from "@seb/service-kit";
import type { Trust } from "@seb/verify-core";
import { holdTrust, type Pins } from "./trust.js";

export interface OwnOptions {
  /** The service's name in metrics: `signer`, `broker`, `revocation`. */
  readonly service: string;
  /** The instance that writes the chain; the record key's name. */
  readonly writer: string;
  readonly trust: { readonly file: string; readonly pins: Pins };
  readonly stateFolder: string;
  readonly recordKey: KeyFile;
  /** The required sink; closed after the chain. */
  readonly sink: RecordSink;
  /** Second place of the chain's heads. */
  readonly headsFolder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly closers: Closers;
  /** Given when the caller made it already; else a new registry. */
  readonly metrics?: Metrics;
  /** Called once when nothing can be recorded any more. */
  readonly onBroken?: (code: Code) => void;
}

/** What every service has of its own: log, metrics, trust, record chain with its refusals. */
export interface Own {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly trust: () => Trust;
  readonly chain: RecordChain;
  readonly refusals: RefusalLog;
  readonly clock: Clock;
}

/**
 * Opens what a service has of its own; what was opened is given up by `closers`, also after a failure.
 * @throws StartError, its `what` one of `trust`, `records`.
 */
export async function openOwn(options: OwnOptions): Promise<Own> {
  const { service, writer, stateFolder, clock, log, closers, onBroken = () => {} } = options;
  closers.add(() => options.sink.close());
  const { file: path, pins } = options.trust;
  const trust = need(await holdTrust({ path, pins, stateFolder, clock, log }), "trust");
  closers.add(() => trust.stop());
  const heads = createFileHeads({ folder: options.headsFolder });
  closers.add(() => heads.close());
  const chain = need(
    await openChain({
      sink: options.sink,
      sealer: need(await createSealer("record", options.recordKey), "records"),
      trust: trust.current(),
      writer,
      heads,
      clock,
      onBroken: ({ code }) => {
        log.fatal({ code }, "records cannot be written any more");
        onBroken(code);
      },
      onHeadFailed: ({ code }) => log.error({ code }, "a head could not be copied"),
      onProgress: ({ lines }) => log.info({ lines }, "verifying the chain"),
    }),
    "records",
  );
  closers.add(() => chain.close());
  const refusals = createRefusalLog({ chain, clock });
  closers.add(() => refusals.stop());
  const metrics = options.metrics ?? createMetrics(service);
  return { log, metrics, trust: () => trust.current(), chain, refusals, clock };
}

/** The revocation service's word as signer and broker hold it, with its floor in the state folder. */
export function followStatus(
  { trust, clock }: Pick<Own, "trust" | "clock">,
  from: {
    readonly feed: StatusFeed;
    readonly audience: string;
    readonly stateFolder: string;
    readonly closers: Closers;
  },
): StatusReceiver {
  const floor = createFileFloor(join(from.stateFolder, "status-floor.json"));
  const status = createStatusState({ trust, audience: from.audience, clock, feed: from.feed, floor });
  from.closers.add(() => status.stop());
  return status;
}

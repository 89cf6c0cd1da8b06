import type { Code } from "@seb/schema";
import type { Metrics } from "@seb/service-kit";
import type { Ledger } from "./journal/ledger.js";

/** What the revocation service measures besides its requests. */
export interface RevocationMetrics {
  /** One heartbeat, by code (`ok` when a status went out). */
  beat(code: Code | "ok", ledger: Ledger): void;
}

/** Registers the service's own metrics. */
export function createRevocationMetrics(metrics: Metrics): RevocationMetrics {
  const beats = metrics.counter("seb_status_beats_total", "Attempts to publish a status, by code.", ["code"]);
  const seq = metrics.gauge("seb_view_seq", "Sequence of the revocation view.", []);
  const generation = metrics.gauge("seb_view_generation", "Generation of the revocation view.", []);
  const standing = metrics.gauge("seb_standing_revocations", "Standing revocations.", []);
  return {
    beat(code, ledger) {
      beats.inc({ code });
      seq.set(ledger.seq);
      generation.set(ledger.generation);
      standing.set(ledger.standing.size);
    },
  };
}

import type { Metrics } from "@seb/service-kit";

/** What the signer measures besides its requests. Labels come from closed sets. */
export interface SignerMetrics {
  /** Duration of one step of issuance, by step and code (`ok` when it passed), in milliseconds. */
  step(name: string, code: string, ms: number): void;
  /** One certificate answered, by tier and whether it is a replay. */
  issued(tier: number, replayed: boolean): void;
}

/** Registers the signer's own metrics. */
export function createSignerMetrics(metrics: Metrics): SignerMetrics {
  const steps = metrics.histogram("seb_step_duration_seconds", "Time of one step of issuance.", ["step", "code"]);
  const issued = metrics.counter("seb_certificates_total", "Certificates answered.", ["tier", "replayed"]);
  return {
    step: (step, code, ms) => steps.observe({ step, code }, ms / 1000),
    issued: (tier, replayed) => issued.inc({ tier: String(tier), replayed: String(replayed) }),
  };
}

import type { Metrics } from "@seb/service-kit";

/** What the broker measures besides its requests. Labels come from closed sets. */
export interface BrokerMetrics {
  /** Duration of one step of admission or execution, by step and code (`ok` when it passed). */
  step(name: string, code: string, ms: number): void;
  /** One verification (shadow), by verdict. */
  verdict(verdict: string): void;
}

/** Registers the broker's own metrics. */
export function createBrokerMetrics(metrics: Metrics): BrokerMetrics {
  const steps = metrics.histogram("seb_step_duration_seconds", "Time of one step of admission.", ["step", "code"]);
  const verdicts = metrics.counter("seb_verifications_total", "Verifications, by verdict.", ["verdict"]);
  return {
    step: (step, code, ms) => steps.observe({ step, code }, ms / 1000),
    verdict: (verdict) => verdicts.inc({ verdict }),
  };
}

import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** Metrics of one service: a registry of its own, and the two that the HTTP shell feeds. */
export interface Metrics {
  readonly registry: Registry;
  /** `seb_requests_total{route,status,code}`: `code` is a code of the table, or `ok`. */
  readonly requests: Counter<"route" | "status" | "code">;
  /** `seb_request_duration_seconds{route}`. */
  readonly duration: Histogram<"route">;
  /** Adds a counter; labels must come from closed sets. */
  counter<L extends string>(name: string, help: string, labels: readonly L[]): Counter<L>;
  gauge<L extends string>(name: string, help: string, labels: readonly L[]): Gauge<L>;
  /** Adds a histogram of seconds. */
  histogram<L extends string>(name: string, help: string, labels: readonly L[]): Histogram<L>;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

/** Creates the metrics of the service `name`, which becomes the label `service` of every sample. */
export function createMetrics(name: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service: name });
  const registers = [registry];
  return {
    registry,
    requests: new Counter({
      name: "seb_requests_total",
      help: "Requests answered, by route, status and code.",
      labelNames: ["route", "status", "code"],
      registers,
    }),
    duration: new Histogram({
      name: "seb_request_duration_seconds",
      help: "Time from the request's head to its answer.",
      labelNames: ["route"],
      buckets: SECONDS,
      registers,
    }),
    counter: (counterName, help, labelNames) => new Counter({ name: counterName, help, labelNames, registers }),
    gauge: (gaugeName, help, labelNames) => new Gauge({ name: gaugeName, help, labelNames, registers }),
    histogram: (histogramName, help, labelNames) =>
      new Histogram({ name: histogramName, help, labelNames, buckets: SECONDS, registers }),
  };
}

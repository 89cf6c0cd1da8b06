import { fail } from "@seb/schema";
import type { Metrics } from "./metrics.js";
import type { Route } from "./route.js";

/** `/healthz`, `/readyz` and `/metrics`: what a machine that runs the service looks at. */
export function builtinRoutes(options: { readiness: () => readonly string[]; metrics: Metrics }): readonly Route[] {
  const { readiness, metrics } = options;
  return [
    {
      method: "GET",
      path: "/healthz",
      summary: "The process answers.",
      codes: [],
      query: [],
      handle: async () => ({ status: 200, body: { status: "ok" } }),
    },
    {
      method: "GET",
      path: "/readyz",
      summary: "The service can do its work; otherwise the reasons why not.",
      codes: ["not_ready"],
      query: [],
      handle: async () => {
        const reasons = readiness();
        if (reasons.length === 0) return { status: 200, body: { status: "ready" } };
        return { failure: fail("not_ready", "the service cannot do its work", { facts: { reasons } }).error };
      },
    },
    {
      method: "GET",
      path: "/metrics",
      summary: "Metrics in Prometheus' text format.",
      codes: [],
      query: [],
      handle: async () => ({
        status: 200,
        body: await metrics.registry.metrics(),
        headers: { "content-type": metrics.registry.contentType },
      }),
    },
  ];
}

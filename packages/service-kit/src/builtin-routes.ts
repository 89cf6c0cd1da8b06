import { fail, type OpensList } from "@seb/schema";
import type { Metrics } from "./metrics.js";
import type { Route } from "./route.js";

/** The same as facts of a problem, which hold texts and lists of texts. */
function factsOf(opens: OpensList | undefined) {
  if (opens === undefined) return {};
  const listed = Object.entries(opens.opens).map(([what, vers]) => `${what} ${vers.join(",")}`);
  return { wire: opens.wire.map(String), opens: listed };
}

/** `/healthz`, `/readyz` and `/metrics`: what a machine that runs the service looks at. */
export function builtinRoutes(options: {
  readonly readiness: () => readonly string[];
  readonly metrics: Metrics;
  /** What the service can open, said whether it is ready or not: an activation asks before it lets anyone write in a new way. */
  readonly opens?: OpensList | undefined;
}): readonly Route[] {
  const { readiness, metrics, opens } = options;
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
        if (reasons.length === 0) return { status: 200, body: { status: "ready", ...opens } };
        return {
          failure: fail("not_ready", "the service cannot do its work", { facts: { reasons, ...factsOf(opens) } }).error,
        };
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

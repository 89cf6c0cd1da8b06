import { createMetrics } from "@seb/service-kit";
import { code, generated, page, table } from "./parts/markdown.mjs";
import { built } from "./parts/routes.mjs";

export const file = "docs/metrics.md";

const REGISTER = {
  signer: (await built("apps/signer/dist/metrics.js")).createSignerMetrics,
  broker: (await built("apps/broker/dist/metrics.js")).createBrokerMetrics,
  revocation: (await built("apps/revocation/dist/metrics.js")).createRevocationMetrics,
};

/** What a service registers besides the HTTP shell's, by really registering it. */
async function metricsOf(service) {
  const metrics = createMetrics(service);
  REGISTER[service]?.(metrics);
  const described = await metrics.registry.getMetricsAsJSON();
  const labels = new Map(metrics.registry.getMetricsAsArray().map(({ name, labelNames }) => [name, labelNames]));
  return described.map(({ name, type, help }) => ({ name, type, help, labels: labels.get(name) ?? [] }));
}

const shared = await metricsOf("any");
const isShared = ({ name }) => shared.some((one) => one.name === name);
const heads = ["name", "type", "labels", "what"];
const row = ({ name, type, labels, help }) => [code(name), type, labels.map(code).join(" "), help];

const INTRO = `\`GET /metrics\` of each service answers in Prometheus' text format. Every sample has the label \`service\`. Durations are in seconds.
Labels take values from closed sets only: routes, steps ([steps.md](steps.md)), codes ([codes.md](codes.md), or \`ok\`), tiers, verdicts;
no identifier of a certificate, agent or request ever becomes a label.`;

export async function render() {
  const sections = [];
  for (const service of Object.keys(REGISTER)) {
    const own = (await metricsOf(service)).filter((metric) => !isShared(metric));
    sections.push(`## ${service}`, table(heads, own.map(row)));
  }
  return page(
    "# Metrics",
    generated("metrics.mjs"),
    INTRO,
    "## Every service",
    table(heads, shared.map(row)),
    ...sections,
  );
}

import { type Agents, createAgents, createPossession } from "@seb/agents";
import { createLocks, type Locks } from "@seb/concurrency";
import { BUILT_IN, type EvidenceProvider } from "@seb/evidence";
import type { SignerConfig } from "./config.js";
import { type Control, createControlReader } from "./control.js";
import { type Journal, openJournal } from "./journal/journal.js";
import { createSignerMetrics, type SignerMetrics } from "./metrics.js";
import type { SignerPorts } from "./ports.js";
import { createRates, type Rates } from "./rates.js";

/** All parts of the signer. What composes them takes it whole; everything else names the parts that it uses. */
export interface Signer extends Omit<SignerPorts, "bundles" | "metrics" | "providers"> {
  readonly config: SignerConfig;
  readonly metrics: SignerMetrics;
  /** Who asks, and whether they may. */
  readonly agents: Agents<Control>;
  readonly journal: Journal;
  readonly providers: readonly EvidenceProvider[];
  /** Requests per agent and minute. */
  readonly rates: Rates;
  /** Requests that must not run side by side: same idempotency key, same proposal. */
  readonly locks: Locks;
}

const MINUTE_MS = 60_000;

/** Assembles the shared parts and reads the journal back; nothing listens yet. */
export async function createSigner(config: SignerConfig, ports: SignerPorts): Promise<Signer> {
  const control = createControlReader(ports.bundles, ports.log);
  return {
    ...ports,
    config,
    metrics: createSignerMetrics(ports.metrics),
    agents: createAgents({
      possession: createPossession({
        clock: ports.clock,
        publicUrls: config.public_urls,
        maxAgeSeconds: config.proof_max_age_seconds,
      }),
      status: ports.status,
      view: ports.view,
      open: (digest) => control.open(digest),
    }),
    journal: await openJournal(ports.chain),
    providers: ports.providers ?? BUILT_IN,
    rates: createRates({ limit: config.requests_per_minute, windowMs: MINUTE_MS, clock: ports.clock }),
    locks: createLocks(),
  };
}

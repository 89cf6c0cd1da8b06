import { createLocks, type Locks } from "@seb/concurrency";
import { BUILT_IN, type EvidenceProvider } from "@seb/evidence";
import { createProofKeys, createReplayWindow, type ProofKeys, type ReplayWindow } from "@seb/verify-core";
import type { SignerConfig } from "./config.js";
import { type ControlReader, createControlReader } from "./control.js";
import { type Journal, openJournal } from "./journal/journal.js";
import { createSignerMetrics, type SignerMetrics } from "./metrics.js";
import type { SignerPorts } from "./ports.js";
import { createRates, type Rates } from "./rates.js";

/** What every part of the signer shares. */
export interface Signer {
  readonly config: SignerConfig;
  readonly ports: SignerPorts;
  readonly metrics: SignerMetrics;
  readonly control: ControlReader;
  readonly journal: Journal;
  readonly providers: readonly EvidenceProvider[];
  /** Proofs seen within their age; full means refusing, never forgetting. */
  readonly proofs: ReplayWindow;
  /** Keys of earlier proofs. */
  readonly proofKeys: ProofKeys;
  /** Requests per agent and minute. */
  readonly rates: Rates;
  /** Requests that must not run side by side: same idempotency key, same proposal. */
  readonly locks: Locks;
}

const MAX_PROOFS = 200_000;
const MAX_PROOF_KEYS = 1000;
const MINUTE_MS = 60_000;

/** Assembles the shared parts and reads the journal back; nothing listens yet. */
export async function createSigner(config: SignerConfig, ports: SignerPorts): Promise<Signer> {
  return {
    config,
    ports,
    metrics: createSignerMetrics(ports.metrics),
    control: createControlReader(ports.bundles),
    journal: await openJournal(ports.chain),
    providers: ports.providers ?? BUILT_IN,
    proofs: createReplayWindow({ maxEntries: MAX_PROOFS }),
    proofKeys: createProofKeys({ maxEntries: MAX_PROOF_KEYS }),
    rates: createRates({ limit: config.requests_per_minute, windowMs: MINUTE_MS, clock: ports.clock }),
    locks: createLocks(),
  };
}

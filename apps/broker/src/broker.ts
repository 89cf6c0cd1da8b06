import { createProofKeys, createReplayWindow, type ProofKeys } from "@seb/verify-core";
import { createOpenBundles, type OpenBundles } from "./bundles.js";
import type { BrokerConfig } from "./config.js";
import { createExecutionIndex, type ExecutionIndex } from "./execution/index-of-records.js";
import { createOpenExecutions, type OpenExecutions } from "./execution/open.js";
import { type BrokerMetrics, createBrokerMetrics } from "./metrics.js";
import type { BrokerPorts } from "./ports.js";

/** What every part of the broker shares. */
export interface Broker {
  readonly config: BrokerConfig;
  readonly ports: BrokerPorts;
  readonly metrics: BrokerMetrics;
  readonly bundles: OpenBundles;
  /** Proofs seen within their age; full means refusing, never forgetting. */
  readonly proofs: ReturnType<typeof createReplayWindow>;
  /** Keys of earlier proofs. */
  readonly proofKeys: ProofKeys;
  /** Executions of this process that are under way. */
  readonly running: OpenExecutions;
  /** What this broker's own records say of executions. */
  readonly index: ExecutionIndex;
}

const MAX_PROOFS = 200_000;
const MAX_PROOF_KEYS = 1000;

/** Assembles the shared parts; nothing starts yet. */
export function createBroker(config: BrokerConfig, ports: BrokerPorts): Broker {
  return {
    config,
    ports,
    metrics: createBrokerMetrics(ports.metrics),
    bundles: createOpenBundles(ports.bundles),
    proofs: createReplayWindow({ maxEntries: MAX_PROOFS }),
    proofKeys: createProofKeys({ maxEntries: MAX_PROOF_KEYS }),
    running: createOpenExecutions(),
    index: createExecutionIndex(),
  };
}

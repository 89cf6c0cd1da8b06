import type { Code } from "@seb/schema";
import type { Clock } from "./clock.js";
import type { Log } from "./log.js";
import type { Metrics } from "./metrics.js";

/** A refusal by the shell itself, before or instead of a handler. */
export interface ShellRefusal {
  readonly code: Code;
  readonly requestId: string;
  /** A path of the route table, or `none`. */
  readonly route: string;
}

/** Bounds of one HTTP server. */
export interface HttpLimits {
  /** Time for a request's head, default 5,000 ms. */
  readonly headersTimeoutMs: number;
  /** Time for a whole request, default 10,000 ms. */
  readonly requestTimeoutMs: number;
  /** Idle time of a kept connection, default 5,000 ms. */
  readonly keepAliveTimeoutMs: number;
  /** Requests handled at the same time, default 256; more are `overloaded`. */
  readonly maxConcurrent: number;
  /** Open connections, default 2,048; more are dropped. */
  readonly maxConnections: number;
}

export const DEFAULT_LIMITS: HttpLimits = {
  headersTimeoutMs: 5000,
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 5000,
  maxConcurrent: 256,
  maxConnections: 2048,
};

/** What the parts of the shell share. */
export interface Shell {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly limits: HttpLimits;
  readonly signerUrl?: string;
  draining(): boolean;
  refused(refusal: ShellRefusal): void;
}

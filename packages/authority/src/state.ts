import type { Execution, OpenEntry, View } from "./port.js";

/** What the store remembers of one execution, with the store time of the last word on it (for forgetting). */
export interface Remembered {
  readonly at_ms: number;
  readonly execution: Execution;
}

/** Takes counted against one ceiling: store times in milliseconds, within the widest window asked for so far. */
export interface Takes {
  readonly window_ms: number;
  readonly at_ms: readonly number[];
}

/** Everything that the shared store holds, as decisions read it. Times are signed times (`now_ms`), never a clock of the store's own. */
export interface State {
  /** Run identity of the store itself: new at each opening. */
  readonly run_id: string;
  readonly view: View | undefined;
  /** Largest signed `issued_at_ms` that a take brought; starts anew with a generation that kills every earlier certificate. */
  readonly now_ms: number;
  /** Highest fence given so far: fences rise across all executions. */
  readonly fence: number;
  /** Certificate ids taken, with the certificate's end in seconds. */
  readonly used: ReadonlyMap<string, number>;
  /** Ids consumed with certificates, with the second until which they must be remembered. */
  readonly once: ReadonlyMap<string, number>;
  /** Open entries by certificate id, oldest first. */
  readonly open: ReadonlyMap<string, OpenEntry>;
  /** Certificate id of the open entry on each resource. */
  readonly busy: ReadonlyMap<string, string>;
  readonly takes: ReadonlyMap<string, Takes>;
  readonly executions: ReadonlyMap<string, Remembered>;
}

/** The same, for the one place that changes it (`apply`). */
export interface MutableState extends State {
  run_id: string;
  view: View | undefined;
  now_ms: number;
  fence: number;
  /** Store time of the last pruning. */
  pruned_ms: number;
  readonly used: Map<string, number>;
  readonly once: Map<string, number>;
  readonly open: Map<string, OpenEntry>;
  readonly busy: Map<string, string>;
  readonly takes: Map<string, Takes>;
  readonly executions: Map<string, Remembered>;
}

/** The state of a store that nobody has written to yet: without a view it refuses every take. */
export function emptyState(runId: string): MutableState {
  return {
    run_id: runId,
    view: undefined,
    now_ms: 0,
    fence: 0,
    pruned_ms: 0,
    used: new Map(),
    once: new Map(),
    open: new Map(),
    busy: new Map(),
    takes: new Map(),
    executions: new Map(),
  };
}

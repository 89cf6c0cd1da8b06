import type { Contract, LiveState, Operation, Result } from "@seb/schema";

/** What to look at: taken from the action definition and the service entry. */
export interface ObserveRequest {
  /** The target's entry in targets.yaml. */
  readonly target: string;
  /** The instantiated operation template of the action (open parameters still open): says which objects are concerned. */
  readonly operation: Readonly<Record<string, unknown>>;
  /** Live fields that matter, by name. */
  readonly live: Readonly<Record<string, { readonly at: string; readonly show: boolean; readonly previous?: boolean }>>;
  readonly signal: AbortSignal;
}

/**
 * Why a target could not be asked: `target_unknown` it is not configured; `target_unavailable` it did not answer in time or at all;
 * `target_refused` it answered, but the object is missing, of the wrong kind, or closed to the broker; `managed_by_gitops` another tool
 * keeps the object in step with a repository and would undo the change.
 */
export type ObserveCode = "target_unknown" | "target_unavailable" | "target_refused" | "managed_by_gitops";

/** Identity and deadline of one execution. */
export interface SessionRequest {
  readonly cert_id: string;
  readonly subject: string;
  readonly contract: Contract;
  readonly operation: Operation;
  readonly fence: number;
  /** Wall clock in milliseconds after which nothing may be sent: the certificate's window. */
  readonly not_after_ms: number;
  readonly signal: AbortSignal;
}

/**
 * How an execution ended, as far as the target tells. A thrown value counts as unknown.
 * `not_executed` is a promise: nothing was changed and nothing that was sent can change anything later. Where that cannot be promised the
 * answer is `unknown`, and `fence` followed by `reconcile` finds out.
 */
export type ExecuteResult =
  | { readonly state: "executed"; readonly result: Readonly<Record<string, string>> }
  | {
      readonly state: "not_executed";
      readonly code: "state_drifted" | "target_refused" | "target_unavailable" | "fence_lost" | "expired" | "recalled";
      readonly detail: string;
    }
  | { readonly state: "unknown"; readonly detail: string };

/** One execution with an identity of its own; the credential lives in this closure and nowhere else. */
export interface Session {
  /** Name of the execution identity for the records; never the credential. */
  readonly identity: string;
  /**
   * Sends the change with the server-side precondition and the marker. `guard` is awaited immediately before each sending; false (or a
   * rejection) abandons with `recalled`. Executing again answers what the marker says and changes nothing. The operation is written when
   * the certified objects still are what the contract's precondition says, whatever else changed; otherwise `state_drifted`.
   */
  execute(guard: () => Promise<boolean>): Promise<ExecuteResult>;
}

/** Answer of a target asked by marker. */
export type Reconciled =
  | { readonly state: "executed"; readonly result: Readonly<Record<string, string>> }
  | { readonly state: "not_executed" }
  | { readonly state: "cannot_tell"; readonly detail: string };

/** What every kind of target offers the broker; what may be asked of it is its language. One contract suite holds every adapter to it. */
export interface Connector {
  readonly name: string;
  observe(request: ObserveRequest): Promise<Result<LiveState, ObserveCode>>;
  /** Mints the execution's identity; a target without minted identities answers with the held one. */
  open(request: SessionRequest): Promise<Result<Session, ObserveCode>>;
  /**
   * Takes the execution's identity back, by marker; may be called any number of times, also for executions of a dead broker. Where the
   * identity is held there is nothing to take back at the target: it stops sessions of this process that have not sent yet.
   */
  recall(certId: string, contract: Contract, signal: AbortSignal): Promise<Result<void, ObserveCode>>;
  /**
   * Makes a late sending of this execution fail, by marker; idempotent, and without effect on an execution that already happened.
   * Called before `reconcile` on takeover.
   */
  fence(certId: string, contract: Contract, signal: AbortSignal): Promise<Result<void, ObserveCode>>;
  /** Asks the target by marker what became of the execution. `not_executed` is only ever answered behind a fence. */
  reconcile(certId: string, contract: Contract, signal: AbortSignal): Promise<Result<Reconciled, ObserveCode>>;
  close(): Promise<void>;
}

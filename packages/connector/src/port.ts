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

export type ObserveCode = "target_unknown" | "target_unavailable" | "target_refused";

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

/** How an execution ended, as far as the target tells. A thrown value counts as unknown. */
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
  /** Sends the change with the server-side precondition and the marker. `guard` is awaited immediately before each sending; false abandons. */
  execute(guard: () => Promise<boolean>): Promise<ExecuteResult>;
}

/** Answer of a target asked by marker. */
export type Reconciled =
  | { readonly state: "executed"; readonly result: Readonly<Record<string, string>> }
  | { readonly state: "not_executed" }
  | { readonly state: "cannot_tell"; readonly detail: string };

/** What every kind of target offers the broker. One contract suite holds every adapter to it. */
export interface Connector {
  readonly name: string;
  /** Checks an operation template once, when a bundle is compiled: pure, no target is asked. */
  accepts(operation: Readonly<Record<string, unknown>>): Result<void, "catalogue_invalid">;
  observe(request: ObserveRequest): Promise<Result<LiveState, ObserveCode>>;
  /** Mints the execution's identity; a target without minted identities answers with the held one. */
  open(request: SessionRequest): Promise<Result<Session, ObserveCode>>;
  /** Takes the execution's identity back, by marker; may be called any number of times, also for executions of a dead broker. */
  recall(certId: string, contract: Contract, signal: AbortSignal): Promise<Result<void, ObserveCode>>;
  /** Makes a late sending of this execution fail, by marker; idempotent. Called before `reconcile` on takeover. */
  fence(certId: string, contract: Contract, signal: AbortSignal): Promise<Result<void, ObserveCode>>;
  /** Asks the target by marker what became of the execution. */
  reconcile(certId: string, contract: Contract, signal: AbortSignal): Promise<Result<Reconciled, ObserveCode>>;
  close(): Promise<void>;
}

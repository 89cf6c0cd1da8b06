import type { Code, Epochs, ExecutionAnswer, ExecutionRequest, Result, Standing, StatusClaims } from "@seb/schema";

/** The revocation view as it stands in the store: lists, epochs, active bundle; pinned to one run of one store. */
export interface View {
  readonly seq: number;
  readonly generation: number;
  /** Run identity of the store that the view was pinned to; differs from the store's own after any discontinuity. */
  readonly run_id: string;
  readonly epochs: Epochs;
  readonly bundle: string | null;
  readonly standing: readonly Standing[];
}

/** What an open execution leaves in the store until it is closed. */
export interface OpenEntry {
  readonly cert_id: string;
  /** The compact certificate: whoever takes over verifies it again. */
  readonly certificate: string;
  readonly request: ExecutionRequest;
  /** Digest of the request body (`seb-op-v1`): tells a replay from another operation. */
  readonly op: string;
  readonly broker: string;
  readonly boot: number;
  /** Rises with each takeover; the holder of the highest fence may act. */
  readonly fence: number;
  /** On the store's signed time (see `now_ms`), in milliseconds. */
  readonly deadline_ms: number;
  /** View sequence at take. */
  readonly seq: number;
}

/** Pin and floor that a broker holds from signed statuses: the store must not be older or another one. */
export interface Pin {
  readonly run_id: string;
  readonly generation: number;
  readonly min_seq: number;
  /** `issued_at_ms` of the newest signed status seen: the only clock the store knows. */
  readonly now_ms: number;
}

/** Everything `take` decides on, in one atomic step. */
export interface TakeRequest {
  readonly pin: Pin;
  readonly cert_id: string;
  /** End of the certificate in seconds: until then its id is remembered at least. */
  readonly exp: number;
  readonly subject: string;
  /** Thumbprints whose revocation refuses: the agent's and the signer's key. */
  readonly keys: readonly string[];
  readonly policies: readonly string[];
  readonly bundle: string;
  readonly action: string;
  readonly resource: string;
  readonly epochs: {
    readonly global: number;
    readonly subject: number;
    readonly policy: { readonly id: string; readonly epoch: number };
  };
  readonly once: readonly { readonly id: string; readonly until: number }[];
  readonly ceilings: readonly { readonly key: string; readonly limit: number; readonly window_seconds: number }[];
  readonly entry: Omit<OpenEntry, "fence" | "seq" | "deadline_ms"> & { readonly life_ms: number };
}

export type TakeCode =
  | "status_backwards"
  | "store_discontinuity"
  | "store_unavailable"
  | "revoked_certificate"
  | "revoked_subject"
  | "revoked_key"
  | "revoked_policy"
  | "revoked_bundle"
  | "revoked_resource"
  | "revoked_action"
  | "revoked_everything"
  | "epoch_stale"
  | "epoch_ahead"
  | "already_used"
  | "once_used"
  | "resource_busy"
  | "ceiling_rate_exceeded"
  | "expired";

export interface Taken {
  readonly fence: number;
  readonly seq: number;
  readonly deadline_ms: number;
}

/** What the store remembers of an execution, for replays and for `GET /v1/executions/{cert_id}`. */
export interface Execution {
  readonly op: string;
  readonly answer: ExecutionAnswer;
}

/** The broker's part of the shared store. Every failure is a code; nothing is written when the answer is a failure. */
export interface AdmissionStore {
  /** The recorded state of a certificate id that was taken, or undefined when it is unknown. */
  lookup(certId: string): Promise<Result<Execution | undefined, "store_unavailable">>;
  /** Checks revocations, epochs, single use, ceilings and pin, then takes: one round trip, all or nothing. */
  take(request: TakeRequest): Promise<Result<Taken, TakeCode>>;
  /** The same checks; writes nothing. */
  peek(request: TakeRequest): Promise<Result<Omit<Taken, "fence">, TakeCode>>;
  /** Every open entry, oldest first. */
  open(): Promise<Result<readonly OpenEntry[], "store_unavailable">>;
  /** Raises the fence when it still is `fence`; the new holder acts from then on. */
  takeOver(
    certId: string,
    fence: number,
    by: { readonly broker: string; readonly boot: number; readonly life_ms: number },
    pin: Pin,
  ): Promise<Result<OpenEntry, "fence_lost" | "store_unavailable" | "store_discontinuity">>;
  /** True while the entry is open under this fence. */
  holds(certId: string, fence: number): Promise<Result<boolean, "store_unavailable">>;
  /** Notes the state of an execution (`decided`, `unknown`) without closing it; fails when the fence is not the highest. */
  note(certId: string, fence: number, execution: Execution): Promise<Result<void, "fence_lost" | "store_unavailable">>;
  /** Writes the final state, removes the open entry and frees the resource; fails when the fence is not the highest. */
  close(certId: string, fence: number, execution: Execution): Promise<Result<void, "fence_lost" | "store_unavailable">>;
}

/** Read side of the view, for the signer (issuance) and the broker (guard and recall). */
export interface ViewReader {
  read(): Promise<Result<View, "store_unavailable" | "store_discontinuity">>;
}

/** Write side of the view: the revocation service alone. */
export interface ViewWriter {
  /** Run identity of the store behind this connection: changes with every restart or replacement. */
  runId(): Promise<Result<string, "store_unavailable">>;
  /** The view as stored, or undefined on an empty store. */
  current(): Promise<Result<View | undefined, "store_unavailable">>;
  /** Replaces the view whole, when its sequence is higher than the stored one or its generation is. */
  write(view: View): Promise<Result<void, "store_unavailable" | "status_backwards">>;
}

/** A signed status as it travels: the compact token; receivers verify it themselves. */
export interface StatusFeed {
  /** Publishes to every subscriber, present and future (the last one is kept). */
  publish(token: string): Promise<Result<void, "store_unavailable">>;
  /** Calls back with the last token, if any, and with each new one, in order. Returns the way to stop. */
  subscribe(receive: (token: string) => void): () => void;
}

/** Freshness of what a service knows of the revocation service's word. */
export interface StatusState {
  /** The newest verified status, if it is fresh by wall and monotonic clock and did not go backwards. */
  current(): Result<StatusClaims, "status_missing" | "status_stale" | "status_backwards">;
  /** Like `current`, as the pin for `take`. */
  pin(): Result<Pin, "status_missing" | "status_stale" | "status_backwards">;
  /** Calls back after each accepted status that raised the sequence or generation. */
  onChange(receive: (status: StatusClaims) => void): () => void;
}

/** Codes that a store adapter can answer with at all. */
export type StoreCode = Extract<Code, TakeCode | "fence_lost" | "store_unavailable">;

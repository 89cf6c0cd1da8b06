import type { LivePlace } from "@seb/connector-language";
import type { Result } from "@seb/schema";

/** One action on one service in one region, as the catalogue plans to observe it. */
export interface CertifiedPlan {
  readonly action: string;
  /** `service:<service>/region:<region>`. */
  readonly resource: string;
  /** The operation template, service variables filled in. */
  readonly operation: Readonly<Record<string, unknown>>;
  readonly live: Readonly<Record<string, Pick<LivePlace, "at">>>;
}

/** What a target is to be guarded for. */
export interface GuardRequest {
  /** Everything that certificates may do to the target: at least one plan. */
  readonly plans: readonly CertifiedPlan[];
  /** Content of `protect.yaml`, read as YAML and not checked yet; undefined when there is none. */
  readonly protect: unknown;
  /** Wall clock in milliseconds: exceptions that have ended are left out. */
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/** An object that guards a target. */
export interface GuardObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** What an installer applies to the target. The same request gives the same bytes. */
export interface Rendered {
  /** In the order in which they have to be applied. */
  readonly objects: readonly GuardObject[];
  /** The same as text, ready to apply. */
  readonly text: string;
}

/** How one object stands at the target. */
export interface Finding {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  /** `foreign`: it was not rendered, and gives rights to an account of broker, janitor or executions. */
  readonly state: "same" | "differs" | "missing" | "foreign";
  /** First place that differs, as a pointer. */
  readonly at?: string;
}

/** What to look for leftovers of executions in. */
export interface SweepRequest {
  /** Places where executions leave something, as the connector calls them, e.g. namespaces; those of the plans when absent. */
  readonly within?: readonly string[];
  /** Everything that certificates may do to the target; not needed with `within`. */
  readonly plans: readonly CertifiedPlan[];
  /** What is younger is left alone, in milliseconds: it has to pass the longest that an execution and a takeover may last. */
  readonly olderThanMs: number;
  readonly signal: AbortSignal;
}

/** What was swept. */
export interface Swept {
  /** Names of what was removed, by what it is, e.g. `bindings`. A kind of which nothing was removed is there with an empty list. */
  readonly removed: Readonly<Record<string, readonly string[]>>;
  /** What could not be swept: something holds on to it, or the janitor may not. */
  readonly failed: readonly string[];
}

/** Why guarding failed: a wrong plan or `protect.yaml`, or what {@link ObserveCode} says of a target. */
export type GuardCode = "catalogue_invalid" | "setting_invalid" | "target_unavailable" | "target_refused";

/**
 * Guards one target of a connector: so that nobody but certified executions changes it, and nothing of a dead execution stays. It comes in
 * with the credential of whoever guards, an installer or a janitor, never with the broker's alone.
 *
 * A part that the kind of target does not have is absent, and `without` says what does its work there. Nothing is sent before a part is called.
 */
export interface Protection {
  /** Name of the connector. */
  readonly name: string;
  /** For each part that is absent, what guards such a target instead: a sentence for people. */
  readonly without: Readonly<Partial<Record<ProtectionPart, string>>>;
  /** Makes what an installer applies. Reads the target and changes nothing. */
  readonly render?: (request: GuardRequest) => Promise<Result<Rendered, GuardCode>>;
  /** Compares what is rendered with what the target has, and names rights that somebody gave beside it. Changes nothing. */
  readonly check?: (request: GuardRequest) => Promise<Result<readonly Finding[], GuardCode>>;
  /** Removes what dead executions left, and ends exceptions whose day has come. May be repeated. */
  readonly sweep?: (request: SweepRequest) => Promise<Result<Swept, GuardCode>>;
  /** Ends every connection. */
  close(): void;
}

export type ProtectionPart = "render" | "check" | "sweep";
export const PROTECTION_PARTS: readonly ProtectionPart[] = ["render", "check", "sweep"];

import Type, { type TUnsafe } from "typebox";
import type { Code } from "./codes.js";

/** What a state of an execution means, for everyone who acts on it. */
export interface OutcomeRow {
  /** Nothing follows it: no reconciler, no person and no later fence says otherwise. */
  readonly final: boolean;
  /** An `outcome` record states it; otherwise the state lies between two records. */
  readonly recorded: boolean;
  /** May another execution of the same resource be taken? */
  readonly resource: "held" | "free";
  /** What was counted at admission: kept, or given back once the record is durable. */
  readonly budget: "kept" | "given_back";
  /** The outcome's own record line is handed out as a receipt. */
  readonly receipt: boolean;
  /** The target has the change: `audit query --writes` lists it. */
  readonly changed: boolean;
  /** An operator may end an execution in this state by stating what became of it. */
  readonly resolvable: boolean;
  /** An operator may state it of such an execution. */
  readonly stated: boolean;
  /** Code of the answer: null is 200; `own` is the outcome's own code, or `not_executed` without one. HTTP status and remedy stand in the table of codes. */
  readonly code: Code | "own" | null;
  /** Exit code of the command lines that show it. */
  readonly exit: 0 | 1 | 4 | 5;
  /** For people. */
  readonly about: string;
}

/** States of an execution: the only place that says what each of them means. */
export const OUTCOMES = {
  decided: {
    final: false,
    recorded: false,
    resource: "held",
    budget: "kept",
    receipt: false,
    changed: false,
    resolvable: false,
    stated: false,
    code: "execution_open",
    exit: 4,
    about: "The decision is durable, the outcome is not.",
  },
  executed: {
    final: true,
    recorded: true,
    resource: "free",
    budget: "kept",
    receipt: true,
    changed: true,
    resolvable: false,
    stated: true,
    code: null,
    exit: 0,
    about: "The target has the change.",
  },
  not_executed: {
    final: true,
    recorded: true,
    resource: "free",
    budget: "given_back",
    receipt: true,
    changed: false,
    resolvable: false,
    stated: true,
    code: "own",
    exit: 1,
    about: "The target does not have the change and never gets it.",
  },
  unknown: {
    final: false,
    recorded: true,
    resource: "held",
    budget: "kept",
    receipt: false,
    changed: false,
    resolvable: true,
    stated: false,
    code: "execution_unknown",
    exit: 5,
    about: "The target cannot tell; the reconciler or a named operator ends it.",
  },
} as const satisfies Readonly<Record<string, OutcomeRow>>;

export type ExecutionState = keyof typeof OUTCOMES;
type StatesWith<M extends Partial<OutcomeRow>> = {
  [S in ExecutionState]: (typeof OUTCOMES)[S] extends M ? S : never;
}[ExecutionState];
/** States that an `outcome` record may state. */
export type RecordedState = StatesWith<{ readonly recorded: true }>;
/** States that end an execution. */
export type FinalState = StatesWith<{ readonly final: true }>;
/** States that an operator may state. */
export type StatedState = StatesWith<{ readonly stated: true }>;

const STATES = Object.keys(OUTCOMES) as readonly ExecutionState[];

/** The row of a state. */
export const outcomeOf = (state: ExecutionState): OutcomeRow => OUTCOMES[state];
/** Does nothing follow this state? */
export const isFinal = (state: ExecutionState): state is FinalState => outcomeOf(state).final;
/** Code of the answer to an execution in this state; `own` is the outcome's. Null where the answer is a success. */
export function codeOfOutcome(state: ExecutionState, own: Code | null): Code | null {
  const { code } = outcomeOf(state);
  return code === "own" ? (own ?? "not_executed") : code;
}
/** May an operator state this? */
export const isStated = (state: string): state is StatedState =>
  STATES.some((one) => one === state && outcomeOf(one).stated);

function union<S extends ExecutionState>(holds: (row: OutcomeRow) => boolean): TUnsafe<S> {
  const states = STATES.filter((state) => holds(outcomeOf(state)));
  return Type.Unsafe<S>(Type.Union(states.map((state) => Type.Literal(state))));
}

export const ExecutionState = union<ExecutionState>(() => true);
export const RecordedState = union<RecordedState>(({ recorded }) => recorded);
export const StatedState = union<StatedState>(({ stated }) => stated);

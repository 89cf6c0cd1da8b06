import type { ActionDefinition, Contract, Mistake } from "@seb/schema";

/** A live field of an action, its service variables filled in. */
export interface LivePlace {
  /** Where the field stands, as the connector writes it. */
  readonly at: string;
  readonly show: boolean;
  readonly previous?: boolean;
}

/** What of an action names objects and fields of a target. */
export interface Looked {
  /** Operation template: service variables are filled in; `{{parameters.x}}` and `{"$open": "x"}` stand where parameters go. */
  readonly operation: Readonly<Record<string, unknown>>;
  /** By name. */
  readonly live: Readonly<Record<string, LivePlace>>;
}

/** An action on one service in one region, before any parameter is chosen. */
export interface LanguagePlan extends Looked {
  /** Definitions of the parameters that the template names: their types and bounds. */
  readonly parameters: ActionDefinition["parameters"];
  readonly reconcile: ActionDefinition["reconcile"];
  readonly identity: ActionDefinition["identity"];
}

/**
 * What one connector understands. Pure: an answer depends on the arguments alone, so that signer, broker and command lines judge the same
 * bytes alike, without a connection to any target. No call throws, whatever JSON it is given.
 *
 * Each answer lists every mistake; an empty list means that there is none. `file` of a mistake is empty: the caller knows the file.
 */
export interface ConnectorLanguage {
  /** Name in `connector:` of actions and of targets.yaml. */
  readonly name: string;
  /**
   * Mistakes of an action. Each `field` leads into the action's definition: `/operation/...`, `/live/...`, `/identity` or `/reconcile`.
   */
  planMistakes(plan: LanguagePlan): readonly Mistake[];
  /**
   * Mistakes of a contract's precondition, which an observation of this plan made: a condition is missing, is not one of the plan, or has
   * a value of another alphabet. Each `field` is `/precondition` or leads into it. A plan with mistakes has no right precondition.
   */
  preconditionMistakes(plan: Looked, precondition: Contract["precondition"]): readonly Mistake[];
  /**
   * Mistakes of one entry of targets.yaml. Each `field` leads into the entry. No value of it is repeated: it may be a credential that
   * somebody put into the wrong place. Files that the entry names are not opened.
   */
  targetMistakes(entry: Readonly<Record<string, unknown>>): readonly Mistake[];
}

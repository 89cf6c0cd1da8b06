import type { CommonFlags } from "../settings/settings.js";

/** Flags of the commands that name an action's parameters. */
export interface ActionCommandFlags extends CommonFlags {
  readonly cert?: string;
  readonly param?: readonly string[];
  readonly bound?: readonly string[];
  readonly attestation?: readonly string[];
  readonly reference?: readonly string[];
  readonly shadow?: boolean;
}

/** Arguments of one command, as commander leaves them. */
export interface Given<F> {
  readonly flags: F;
  /** What no flag of the command took. */
  readonly rest: readonly string[];
  /** The command's own flags, for the list that an unknown one is answered with. */
  readonly known: readonly string[];
}

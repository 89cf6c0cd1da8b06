import { Name, validate } from "@seb/schema";
import type { PolicyText } from "./cedar.js";

/** Policies by id, and each id's rank. */
export interface RankedPolicies {
  readonly texts: ReadonlyMap<string, string>;
  /** Lower ranks are named first when several policies permit. */
  readonly ranks: ReadonlyMap<string, number>;
}

/** Orders policies by their annotations: every one needs an `@id` that is a name and a whole `@rank` under 1,000,000, neither shared. */
export function rankPolicies(policies: readonly PolicyText[]): RankedPolicies | { readonly problem: string } {
  const texts = new Map<string, string>();
  const ranks = new Map<string, number>();
  for (const { annotations, text } of policies) {
    const { id, rank } = annotations;
    if (typeof id !== "string" || !validate(Name, id, "bundle_invalid").ok) {
      return { problem: "a policy has no @id that is a name" };
    }
    if (typeof rank !== "string" || !/^(?:0|[1-9][0-9]{0,5})$/.test(rank)) {
      return { problem: `policy ${id} has no @rank that is a whole number` };
    }
    if (texts.has(id)) return { problem: `two policies have the @id ${id}` };
    if ([...ranks.values()].includes(Number(rank))) return { problem: `two policies have the @rank ${rank}` };
    texts.set(id, text);
    ranks.set(id, Number(rank));
  }
  return { texts, ranks };
}

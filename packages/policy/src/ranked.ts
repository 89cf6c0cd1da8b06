import { policyIds } from "@seb/catalogue";
import { type Mistake, Name, printable, validate } from "@seb/schema";
import { type PolicySource, placeIn } from "./read.js";

/** Policies by id, and each id's rank. */
export interface RankedPolicies {
  readonly texts: ReadonlyMap<string, string>;
  /** Lower ranks are named first when several policies permit. */
  readonly ranks: ReadonlyMap<string, number>;
}

const RANK = /^(?:0|[1-9][0-9]{0,5})$/;

/**
 * Orders policies by their annotations: each needs an `@id` that is a name, spelled so that a reader without Cedar finds it, and a whole
 * `@rank` under 1,000,000, neither shared.
 */
export function rankPolicies(
  policies: readonly PolicySource[],
): RankedPolicies & { readonly mistakes: readonly Mistake[] } {
  const texts = new Map<string, string>();
  const ranks = new Map<string, number>();
  const mistakes: Mistake[] = [];
  const rankedBy = new Map<number, string>();
  for (const policy of policies) {
    const wrong = (annotation: string, found: string, expected: string) => {
      const at = policy.text.search(new RegExp(`@${annotation}\\b`));
      const place = placeIn(policy, Buffer.byteLength(policy.text.slice(0, Math.max(0, at)), "utf8"));
      mistakes.push({ file: policy.file, ...place, found, expected });
    };
    const { id, rank } = policy.json.annotations ?? {};
    const named = typeof id === "string" && validate(Name, id, "bundle_invalid").ok;
    if (!named)
      wrong("id", quoted("@id", id), 'an `@id` of lower-case letters, digits and `-`, e.g. `@id("low-risk")`');
    else if (texts.has(id)) wrong("id", `\`@id("${id}")\` again`, "an `@id` of its own for each policy");
    else if (!policyIds({ policies: [policy] }).includes(id))
      wrong("id", `\`@id\` with something between it and its text`, `\`@id("${id}")\`, without a comment in it`);
    const ranked = typeof rank === "string" && RANK.test(rank);
    if (!ranked) wrong("rank", quoted("@rank", rank), 'a `@rank` from 0 to 999999, e.g. `@rank("10")`');
    else if (rankedBy.has(Number(rank)))
      wrong("rank", `\`@rank("${rank}")\` again`, `a \`@rank\` of its own: ${rankedBy.get(Number(rank))} has this one`);
    if (ranked && !rankedBy.has(Number(rank))) rankedBy.set(Number(rank), named ? id : policy.file);
    if (!named || !ranked || texts.has(id)) continue;
    texts.set(id, policy.text);
    ranks.set(id, Number(rank));
  }
  return { texts, ranks, mistakes };
}

const quoted = (annotation: string, value: unknown) =>
  typeof value === "string" ? `\`${annotation}("${printable(value, 60)}")\`` : `no ${annotation}`;

/** One character class, literal or group of a pattern, and how often it stands there. */
export interface Item {
  readonly from: number;
  readonly to: number;
  /** Of a group; undefined for one character. */
  readonly alternatives: readonly (readonly Item[])[] | undefined;
}

type Alternatives = readonly (readonly Item[])[];

/** `fixed` when there is one way to match: no alternatives, no quantifier that leaves a choice. */
export function repetition(alternatives: Alternatives): "fixed" | "choice" {
  const [only, second] = alternatives;
  const fixed =
    only !== undefined &&
    second === undefined &&
    only.every(
      ({ from, to, alternatives: inner }) => from === to && (inner === undefined || repetition(inner) === "fixed"),
    );
  return fixed ? "fixed" : "choice";
}

/**
 * Upper bound of the steps of a backtracking matcher that finds no match: each choice of an item is followed by all steps of what
 * stands behind it.
 */
export function steps(alternatives: Alternatives, behind = 1): number {
  return alternatives.reduce((sum, items) => sum + items.reduceRight(stepsOf, behind), 0);
}

function stepsOf(behind: number, { from, to, alternatives }: Item): number {
  if (alternatives === undefined) return to + (to - from + 1) * behind;
  // A group that may be left out, or stands there once, may hold choices; one that is repeated holds none.
  if (to === 1) return steps(alternatives, behind) + (1 - from) * behind;
  return to * steps(alternatives, 0) + (to - from + 1) * behind;
}

/** Length of the shortest match. */
export function leastLength(alternatives: Alternatives): number {
  const lengths = alternatives.map((items) =>
    items.reduce(
      (sum, { from, alternatives: inner }) => sum + from * (inner === undefined ? 1 : leastLength(inner)),
      0,
    ),
  );
  return lengths.length === 0 ? 0 : Math.min(...lengths);
}

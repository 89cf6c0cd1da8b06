import { type Item, leastLength, repetition, steps } from "./pattern-cost.js";

/** Most steps that matching one text may take: a few milliseconds. */
const MAX_STEPS = 1_000_000;
const UNBOUNDED = 512;
const ESCAPES = /^\\[dw.\-/+*?()[\]{}|^$\\]/;
const QUANTIFIER = /^(?:[?*+]|\{(\d{1,3})(?:(,)(\d{1,3})?)?\})/;

/**
 * Says whether a parameter's pattern is safe: anchored at both ends, its alphabet listed (classes, literals, `\d`, `\w`;
 * no `.`, no negation), without references or looking around, and with a bounded number of steps to match: a group may be
 * repeated only when it holds neither quantifiers nor alternatives (`?` excepted), and no text of at most 512 characters
 * takes more than 1,000,000 steps.
 *
 * @returns undefined when safe, else what is wrong.
 */
export function patternProblem(pattern: string): string | undefined {
  if (!/^[ -~]{2,200}$/.test(pattern)) return "must be printable ASCII, 2 to 200 characters";
  if (!pattern.startsWith("^") || !pattern.endsWith("$")) return "must start with ^ and end with $";
  const reader = new PatternReader(pattern.slice(1, -1));
  const alternatives = reader.alternatives();
  if (reader.problem !== undefined) return reader.problem;
  if (!reader.atEnd()) return "unbalanced parenthesis";
  if (reader.topLevelChoice) return "alternatives must stand in a group";
  if (steps(alternatives) > MAX_STEPS) return "could take too long to match";
  try {
    new RegExp(pattern, "u");
    return undefined;
  } catch {
    return "not a regular expression";
  }
}

/** Length of the shortest text that a safe pattern matches, in UTF-16 units. */
export function shortestMatch(pattern: string): number {
  return leastLength(new PatternReader(pattern.slice(1, -1)).alternatives());
}

/** Walks a pattern without its anchors and lists its items; any unknown construct is a problem. */
class PatternReader {
  problem: string | undefined;
  topLevelChoice = false;
  #at = 0;
  #depth = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Each alternative's items in turn. */
  alternatives(): Item[][] {
    const all: Item[][] = [];
    for (;;) {
      all.push(this.#sequence());
      if (this.problem !== undefined || this.#text[this.#at] !== "|") return all;
      if (this.#depth === 0) this.topLevelChoice = true;
      this.#at += 1;
    }
  }

  #sequence(): Item[] {
    const items: Item[] = [];
    while (!this.atEnd() && this.problem === undefined) {
      const next = this.#text[this.#at];
      if (next === "|" || next === ")") break;
      const alternatives = next === "(" ? this.#group() : this.#atom();
      items.push(this.#quantified(alternatives));
    }
    return items;
  }

  #group(): Item[][] | undefined {
    if (!this.#text.startsWith("(?:", this.#at)) return this.#refuse("only groups of the form (?:...) are allowed");
    if (this.#depth >= 8) return this.#refuse("nested too deeply");
    this.#at += 3;
    this.#depth += 1;
    const alternatives = this.alternatives();
    this.#depth -= 1;
    if (this.#text[this.#at] !== ")") return this.#refuse("unbalanced parenthesis");
    this.#at += 1;
    return alternatives;
  }

  #atom(): undefined {
    const rest = this.#text.slice(this.#at);
    const length = rest.startsWith("[") ? classLength(rest) : rest.startsWith("\\") ? escapeLength(rest) : 1;
    if (length === undefined) return this.#refuse("this class or escape is not allowed");
    if (length === 1 && ".^$*+?{}]".includes(rest[0] ?? "")) return this.#refuse("this construct is not allowed");
    this.#at += length;
  }

  #quantified(alternatives: Item[][] | undefined): Item {
    const once = { from: 1, to: 1, alternatives };
    const match = QUANTIFIER.exec(this.#text.slice(this.#at));
    if (match === null) return once;
    this.#at += match[0].length;
    if (/^[?*+{]/.test(this.#text.slice(this.#at))) this.#refuse("a quantifier follows a quantifier");
    if (match[0] === "?") return { from: 0, to: 1, alternatives };
    if (alternatives !== undefined && repetition(alternatives) !== "fixed")
      this.#refuse("nested quantifiers are not allowed");
    const count = countOf(match);
    if (count === undefined) this.#refuse("a quantifier is out of range");
    return { ...once, ...count };
  }

  #refuse(problem: string): undefined {
    this.problem ??= problem;
  }
}

/** How often a quantifier other than `?` lets its item stand there. */
function countOf(match: RegExpExecArray): { from: number; to: number } | undefined {
  const [whole, low, comma, high] = match;
  if (whole === "*" || whole === "+") return { from: whole === "*" ? 0 : 1, to: UNBOUNDED };
  const from = Number(low);
  const to = comma === undefined ? from : high === undefined ? UNBOUNDED : Number(high);
  return from > to || to > UNBOUNDED ? undefined : { from, to };
}

function classLength(rest: string): number | undefined {
  const body = /^\[((?:[^\\\]^[]|\\[dw.\-/+*?()[\]{}|^$\\])+)\]/.exec(rest);
  return body?.[0].length;
}

function escapeLength(rest: string): number | undefined {
  return ESCAPES.test(rest) && rest[1] !== "-" ? 2 : undefined;
}

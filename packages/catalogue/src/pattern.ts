/** Most ways in which one text may be tried against a pattern: the bound on backtracking. */
const MAX_WAYS = 300_000;
const UNBOUNDED = 512;
const ESCAPES = /^\\[dw.\-/+*?()[\]{}|^$\\]/;
const QUANTIFIER = /^(?:[?*+]|\{(\d{1,3})(?:(,)(\d{1,3})?)?\})/;

/**
 * Says whether a parameter's pattern is safe: anchored at both ends, its alphabet listed (classes, literals, `\d`, `\w`;
 * no `.`, no negation), without references or looking around, and with a bounded number of ways to match: a group may be
 * repeated only when it holds neither quantifiers nor alternatives (`?` excepted), and the product of all choices stays
 * under 300,000, so that no input of at most 512 characters makes matching slow.
 *
 * @returns undefined when safe, else what is wrong.
 */
export function patternProblem(pattern: string): string | undefined {
  if (!/^[ -~]{2,200}$/.test(pattern)) return "must be printable ASCII";
  if (!pattern.startsWith("^") || !pattern.endsWith("$")) return "must start with ^ and end with $";
  const reader = new PatternReader(pattern.slice(1, -1));
  const ways = reader.alternatives();
  if (reader.problem !== undefined) return reader.problem;
  if (!reader.atEnd()) return "unbalanced parenthesis";
  if (reader.topLevelChoice) return "alternatives must stand in a group";
  if (ways > MAX_WAYS) return "could take too long to match";
  try {
    new RegExp(pattern, "u");
    return undefined;
  } catch {
    return "not a regular expression";
  }
}

/** Walks a pattern without its anchors and counts the ways to match; any unknown construct is a problem. */
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

  /** Sum over alternatives of the product over their items. */
  alternatives(): number {
    let total = 0;
    for (;;) {
      total += this.#sequence();
      if (this.problem !== undefined || this.#text[this.#at] !== "|") return total;
      if (this.#depth === 0) this.topLevelChoice = true;
      this.#at += 1;
    }
  }

  #sequence(): number {
    let ways = 1;
    while (!this.atEnd() && this.problem === undefined) {
      const next = this.#text[this.#at];
      if (next === "|" || next === ")") return ways;
      const inner = next === "(" ? this.#group() : this.#atom();
      ways *= this.#quantified(inner);
    }
    return ways;
  }

  #group(): number {
    if (!this.#text.startsWith("(?:", this.#at)) return this.#refuse("only groups of the form (?:...) are allowed");
    if (this.#depth >= 8) return this.#refuse("nested too deeply");
    this.#at += 3;
    this.#depth += 1;
    const ways = this.alternatives();
    this.#depth -= 1;
    if (this.#text[this.#at] !== ")") return this.#refuse("unbalanced parenthesis");
    this.#at += 1;
    return ways;
  }

  #atom(): number {
    const rest = this.#text.slice(this.#at);
    const length = rest.startsWith("[") ? classLength(rest) : rest.startsWith("\\") ? escapeLength(rest) : 1;
    if (length === undefined) return this.#refuse("this class or escape is not allowed");
    if (length === 1 && ".^$*+?{}]".includes(rest[0] ?? "")) return this.#refuse("this construct is not allowed");
    this.#at += length;
    return 1;
  }

  #quantified(inner: number): number {
    const match = QUANTIFIER.exec(this.#text.slice(this.#at));
    if (match === null) return inner;
    this.#at += match[0].length;
    if (/^[?*+{]/.test(this.#text.slice(this.#at))) return this.#refuse("a quantifier follows a quantifier");
    if (match[0] === "?") return inner + 1;
    if (inner !== 1) return this.#refuse("nested quantifiers are not allowed");
    return widthOf(match) ?? this.#refuse("a quantifier is out of range");
  }

  #refuse(problem: string): number {
    this.problem ??= problem;
    return 1;
  }
}

function widthOf(match: RegExpExecArray): number | undefined {
  const [whole, low, comma, high] = match;
  if (whole === "*" || whole === "+") return UNBOUNDED;
  const from = Number(low);
  const to = comma === undefined ? from : high === undefined ? UNBOUNDED : Number(high);
  return from > to || to > UNBOUNDED ? undefined : to - from + 1;
}

function classLength(rest: string): number | undefined {
  const body = /^\[((?:[^\\\]^[]|\\[dw.\-/+*?()[\]{}|^$\\])+)\]/.exec(rest);
  return body?.[0].length;
}

function escapeLength(rest: string): number | undefined {
  return ESCAPES.test(rest) && rest[1] !== "-" ? 2 : undefined;
}

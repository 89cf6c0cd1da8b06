/** One mistake in a file that a person wrote: where it stands, what stands there, what may stand there. All text is safe to print. */
export interface Mistake {
  /** Path, relative to the control folder for its files; empty where the caller adds it. */
  readonly file: string;
  /** RFC 6901 pointer; absent for the file as a whole. */
  readonly field?: string;
  /** Line of the field, from 1, where the reader knows it. */
  readonly line?: number;
  /** Column in that line, from 1, in characters, where the reader knows it. */
  readonly column?: number;
  /** What was found, e.g. `` `replica` ``, `nothing`, `a list of 3`. See {@link shown}. */
  readonly found: string;
  /** What may stand there, e.g. `one of the action's parameters`. */
  readonly expected: string;
  /** At most 3 names that look like the one found, the nearest first. See {@link nearest}. */
  readonly near?: readonly string[];
}

/** One sentence: `actions/deploy.yaml, line 12, /scope/max_replicas/bounds: found ..., expected ...; did you mean ...?` */
export function sentenceOf({ file, field, line, column, found, expected, near = [] }: Mistake): string {
  const places = [
    file,
    line === undefined ? "" : `line ${line}${column === undefined ? "" : ` column ${column}`}`,
    printable(field ?? "", 200),
  ].filter((place) => place !== "");
  const place = places.length === 0 ? "" : `${places.join(", ")}: `;
  const meant =
    near.length === 0 ? "." : `; did you mean ${near.map((name) => `\`${printable(name, 64)}\``).join(" or ")}?`;
  return `${place}found ${found}, expected ${expected}${meant}`;
}

/** What cannot be printed as it stands: control, format (bidi), invisible and unassigned characters, separators, half pairs. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}`]|(?! )\p{Zs}/gu;

/** Foreign text that is safe to print: what does not print becomes `\u{...}`, and at most `maxLength` characters of it are kept. */
export function printable(text: string, maxLength: number): string {
  const characters = [...text.slice(0, 4 * maxLength)];
  const kept = characters.slice(0, maxLength).join("");
  const safe = kept.replace(UNPRINTABLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  return characters.length > maxLength || text.length > 4 * maxLength ? `${safe}...` : safe;
}

/** Names of members whose value may be a credential. */
const CREDENTIAL = /secret|passw|token|credential|private|api_?key|access_?key|bearer|cookie|^d$/i;
/** A long run of letters and digits may be a key or a token that was put into the wrong place. */
const TOKEN = /(?=[A-Za-z0-9+_=]{20})(?=[A-Za-z+_=]*[0-9])(?=[0-9+_=]*[A-Za-z])|-----BEGIN/;

/** Says whether text may be a key or token, which no message repeats. */
export function mayBeToken(text: string): boolean {
  return TOKEN.test(text);
}

/**
 * Says what a value is, for `found`: short text in backticks, numbers and flags as they are, of anything else only its kind and size.
 * Text that may be a credential, because of the member's name or because it looks like a key or token, is never repeated.
 *
 * @param member name of the member that holds the value.
 */
export function shown(value: unknown, member = ""): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object") return Object.keys(value).length === 0 ? "an empty mapping" : "a mapping";
  const secret = CREDENTIAL.test(member);
  if (typeof value === "string") {
    if (value === "") return "empty text";
    return secret || mayBeToken(value) ? `text of ${[...value].length} characters` : `\`${printable(value, 60)}\``;
  }
  return secret ? `a ${typeof value}` : String(value);
}

/** At most 3 of the known names that differ from a name by a slip of the pen, the nearest first. */
export function nearest(name: string, known: Iterable<string>): string[] {
  const most = Math.min(3, Math.max(1, Math.floor(name.length / 3)));
  if (name.length > 64) return [];
  const wanted = normal(name);
  return [...new Set(known)]
    .filter((candidate) => candidate.length <= 64 && Math.abs(candidate.length - name.length) <= most + 1)
    .map((candidate) => ({ candidate, distance: distance(wanted, normal(candidate)) }))
    .filter((found) => found.distance <= most)
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

const normal = (name: string): string => name.toLowerCase().replaceAll(/[ _.]/g, "-");

/** Fewest insertions, deletions, replacements and swaps of neighbours that turn one text into the other (optimal string alignment). */
function distance(a: string, b: string): number {
  let [before, row]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const at = (values: readonly number[], index: number) => values[index] ?? Number.POSITIVE_INFINITY;
      const changed = at(row, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(Math.min(at(row, j) + 1, at(next, j - 1) + 1, changed, swapped ? at(before, j - 2) + 1 : changed));
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}

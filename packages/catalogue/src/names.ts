import { nearest, oneOf, shown, type ValueMistake } from "@seb/schema";

/** A mistake and the control file that holds it. */
export interface FileMistake extends ValueMistake {
  readonly file: string;
}

/** Most names that a message lists. */
const LISTED = 8;

/**
 * A name that refers to nothing.
 *
 * @param what what it should name, e.g. `an action`; the known names follow when they are few.
 */
export function unknownName(field: string, name: string, known: Iterable<string>, what: string): ValueMistake {
  const names = [...known];
  const listed = names.length === 0 || names.length > LISTED ? "" : `: ${oneOf(names.map((one) => `\`${one}\``))}`;
  const expected = names.length === 0 ? `${what}, of which there is none` : `${what}${listed}`;
  const near = nearest(name, names);
  return { field, found: shown(name), expected, ...(near.length === 0 ? {} : { near }) };
}

/** Each item of a list that is not known, and each that stands there again. `*` stands for all where it may. */
export function* listMistakes(
  field: string,
  names: readonly string[],
  known: ReadonlySet<string> | undefined,
  what: string,
): Generator<ValueMistake> {
  for (const [index, name] of names.entries()) {
    const at = `${field}/${index}`;
    if (known !== undefined && !known.has(name)) yield unknownName(at, name, known, what);
    else if (names.indexOf(name) !== index)
      yield { field: at, found: `${shown(name)} again`, expected: "each one once" };
  }
}

/** The same for each mistake of one file. */
export function* inFile(file: string, mistakes: Iterable<ValueMistake>): Generator<FileMistake> {
  for (const mistake of mistakes) yield { file, ...mistake };
}

/** A mistake in a control folder, and what each command must say of it. */
export interface Row {
  readonly name: string;
  /** Path of the file that holds it. */
  readonly file: string;
  /** Makes the mistake in the file's text; undefined leaves the file out. */
  readonly change: (text: string) => string | Buffer | undefined;
  /** RFC 6901 pointer; undefined for the file as a whole. */
  readonly field?: string;
  /** Text of the line that must be named, in the file with the mistake. */
  readonly at?: string;
  /** What was found, as far as it must be said. */
  readonly found: string;
  /** The name that was meant. */
  readonly near?: string;
  /** The file that is named, where it is another than the one that was changed. */
  readonly blames?: string;
}

/** A change of a file: a text in it is replaced. @throws when it does not stand there, so that no row changes nothing. */
export function swap(from: string, to: string): (text: string) => string {
  return (text) => {
    if (!text.includes(from)) throw new Error(`nothing to replace: ${from}\n${text}`);
    return text.replace(from, () => to);
  };
}

/** Several changes, one after the other. */
export function all(...changes: readonly ((text: string) => string)[]): (text: string) => string {
  return (text) => changes.reduce((changed, change) => change(changed), text);
}

/** A change of the whole text. */
export function whole(text: string | Buffer): () => string | Buffer {
  return () => text;
}

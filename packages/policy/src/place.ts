import { type Mistake, printable } from "@seb/schema";

/** A place in a policy file: byte offsets, as Cedar counts them, from the file's begin. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const MAX_SHOWN = 60;

/** Line and column of an offset, both from 1; a column counts characters. */
export function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = Buffer.from(text, "utf8").subarray(0, offset).toString("utf8");
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: [...before.slice(lineStart)].length + 1 };
}

/** What stands at a place, safe to print: one line in backticks, or the end of the file. */
export function shownAt(text: string, { start, end }: Span): string {
  const found = Buffer.from(text, "utf8").subarray(start, end).toString("utf8").replace(/\s+/g, " ").trim();
  return found === "" ? "the end of the file" : `\`${printable(found, MAX_SHOWN)}\``;
}

/** A text in which every comment is blanked out, so that it has the same offsets: `//` to the end of the line, outside of strings. */
export function withoutComments(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*/gs, (token) =>
    token.startsWith("//") ? token.replace(/[^\n]/g, " ") : token,
  );
}

/** Mistakes without repetitions, by file and line. Cedar says the same once for each action. */
export function inOrder(mistakes: readonly Mistake[]): readonly Mistake[] {
  const distinct = new Map(mistakes.map((mistake) => [JSON.stringify(mistake), mistake]));
  const key = ({ file, line = 0, column = 0 }: Mistake) =>
    [file, String(line).padStart(9, "0"), String(column).padStart(9, "0")].join("\n");
  return [...distinct.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

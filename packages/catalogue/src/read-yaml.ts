import { isJson, type Json } from "@seb/canonical";
import { failMistakes, type Mistake, ok, type Result } from "@seb/schema";
import { type Document, Lexer, LineCounter, Parser, parseDocument } from "yaml";
import { lineOfPointer } from "./yaml-places.js";
import { forbiddenNodes, hardProblem, isSoft, type YamlProblem, yamlProblem } from "./yaml-problems.js";

/** Largest control file, in bytes of UTF-8. */
export const MAX_FILE_BYTES = 65_536;
/** Most open constructs of the parser at once; a mapping in a sequence counts 2. */
const MAX_DEPTH = 60;
/** Most mistakes that are reported of one text as YAML: later ones often follow from earlier ones. */
const MAX_YAML_MISTAKES = 20;

/** A text that was read as YAML: what it holds, what is wrong with it as YAML, and where each value stands. */
export interface YamlText {
  /** Undefined when the text cannot be read far enough to say what it holds. Not to be used while there are mistakes, save to find more. */
  readonly value: Json | undefined;
  readonly mistakes: readonly Omit<Mistake, "file">[];
  /** Line, from 1, of the value at an RFC 6901 pointer; of the nearest one around it when there is none; undefined for the whole text. */
  lineOf(pointer: string): number | undefined;
}

/**
 * Reads one YAML 1.2 document (core schema) and only what plain JSON can say: no anchors, aliases, merge keys, tags,
 * directives or second documents, no key twice, no key that is not text, no number outside +-(2^53 - 1), no lone surrogate.
 *
 * @param text at most {@link MAX_FILE_BYTES} bytes.
 */
export function readYamlText(text: string): YamlText {
  if (Buffer.byteLength(text, "utf8") > MAX_FILE_BYTES)
    return unreadable({ found: `more than ${MAX_FILE_BYTES} bytes`, expected: `at most ${MAX_FILE_BYTES} bytes` });
  if (text.startsWith("\ufeff"))
    return unreadable({ line: 1, found: "a byte order mark", expected: "UTF-8 without one" });
  const directive = text.split("\n").findIndex((line) => line.startsWith("%"));
  if (directive >= 0)
    return unreadable({ line: directive + 1, found: "a directive", expected: "no line that begins with `%`" });
  try {
    // The composer recurses and builds regular expressions from indentation: deep input would take the process down.
    return isShallow(text) ? compose(text) : unreadable({ found: "a deeply nested value", expected: "less nesting" });
  } catch {
    return unreadable({ found: "text that is not YAML", expected: "a YAML 1.2 document" });
  }
}

/**
 * The value of one YAML document, read as {@link readYamlText} does.
 *
 * @returns the value, or `catalogue_invalid` with its mistakes, whose `file` is empty; `facts.line` (from 1) is the first one's.
 */
export function readYaml(text: string): Result<Json, "catalogue_invalid"> {
  const { value, mistakes } = readYamlText(text);
  const [first, ...rest] = mistakes.map((mistake) => ({ file: "", ...mistake }));
  if (first !== undefined) return failMistakes("catalogue_invalid", [first, ...rest]);
  return value === undefined ? failMistakes("catalogue_invalid", [{ file: "", ...NOT_JSON }]) : ok(value);
}

const NOT_JSON = { found: "something that JSON cannot say", expected: "text, numbers, flags, lists and mappings" };

function unreadable(mistake: Omit<Mistake, "file">): YamlText {
  return { value: undefined, mistakes: [mistake], lineOf: () => undefined };
}

function compose(text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    strict: true,
    uniqueKeys: true,
    stringKeys: true,
    merge: false,
    customTags: [],
    prettyErrors: false,
    // Not "silent", which would also silence a second document.
    logLevel: "error",
    lineCounter: lines,
  });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  const errors = [...document.errors, ...document.warnings];
  const problems = [...errors.map((error) => yamlProblem(document, error, text)), ...forbiddenNodes(document)];
  const value = errors.every(isSoft) ? plainOf(document) : undefined;
  const left = value === undefined && problems.length === 0 ? [hardProblem] : problems;
  return {
    value,
    mistakes: mistakesOf(left, lineAt),
    lineOf: (pointer) => lineOfPointer(document, pointer, lineAt),
  };
}

/** One mistake a line, in the order of the lines: one that knows its field rather than another. */
function mistakesOf(problems: readonly YamlProblem[], lineAt: (offset: number) => number) {
  const byLine = new Map<number, Omit<Mistake, "file">>();
  for (const { offset, field = "", found, expected } of [...problems].sort((a, b) => a.offset - b.offset)) {
    const line = lineAt(offset);
    const known = byLine.get(line);
    if (known === undefined || (known.field === undefined && field !== "" && known.found === found))
      byLine.set(line, { ...(field === "" ? {} : { field }), line, found, expected });
  }
  return [...byLine.values()].slice(0, MAX_YAML_MISTAKES);
}

function plainOf(document: Document): Json | undefined {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 0 });
    return isJson(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isShallow(text: string): boolean {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH) return false;
  }
  return true;
}

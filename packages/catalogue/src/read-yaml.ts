import { isJson, type Json } from "@seb/canonical";
import { fail, ok, type Result } from "@seb/schema";
import { type Document, isAlias, isScalar, Lexer, LineCounter, type Node, Parser, parseDocument, visit } from "yaml";

/** Largest control file, in bytes of UTF-8. */
export const MAX_FILE_BYTES = 65_536;
/** Most open constructs of the parser at once; a mapping in a sequence counts 2. */
const MAX_DEPTH = 60;

type YamlResult<T> = Result<T, "catalogue_invalid">;

/**
 * Reads one YAML 1.2 document (core schema) and only what plain JSON can say: no anchors, aliases, merge keys, tags,
 * directives or second documents, no key twice, no key that is not text, no number outside +-(2^53 - 1), no lone surrogate.
 *
 * @param text at most {@link MAX_FILE_BYTES} bytes.
 * @returns the value, or `catalogue_invalid` with `facts.line` (from 1) where there is one place to blame. The text is never quoted.
 */
export function readYaml(text: string): YamlResult<Json> {
  if (Buffer.byteLength(text, "utf8") > MAX_FILE_BYTES) return fail("catalogue_invalid", "more than 64 KB");
  if (text.startsWith("\ufeff")) return fail("catalogue_invalid", "byte order mark");
  if (/^%/m.test(text)) return fail("catalogue_invalid", "directives are not allowed");
  try {
    return read(text);
  } catch {
    return fail("catalogue_invalid", "not readable as YAML");
  }
}

function read(text: string): YamlResult<Json> {
  // The composer recurses and builds regular expressions from indentation: deep input would take the process down.
  if (!isShallow(text)) return fail("catalogue_invalid", "nested too deeply");
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
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    return at(lines.linePos(problem.pos[0]).line, problem.code.toLowerCase().replaceAll("_", " "));
  }
  const forbidden = firstForbidden(document);
  if (forbidden !== undefined) return at(lines.linePos(forbidden.offset).line, forbidden.why);
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  if (!isJson(value)) return fail("catalogue_invalid", "holds something that JSON cannot say");
  return ok(value);
}

function at(line: number, why: string): YamlResult<never> {
  return fail("catalogue_invalid", `line ${line}: ${why}`, { facts: { line } });
}

function isShallow(text: string): boolean {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH) return false;
  }
  return true;
}

function firstForbidden(document: Document): { offset: number; why: string } | undefined {
  let found: { offset: number; why: string } | undefined;
  visit(document, {
    Node(key, node) {
      const why = forbiddenIn(node, key);
      if (why === undefined) return undefined;
      found = { offset: node.range?.[0] ?? 0, why };
      return visit.BREAK;
    },
  });
  return found;
}

function forbiddenIn(node: Node, key: unknown): string | undefined {
  if (isAlias(node)) return "aliases are not allowed";
  if ("anchor" in node && node.anchor !== undefined) return "anchors are not allowed";
  if (node.tag !== undefined) return "tags are not allowed";
  if (!isScalar(node)) return undefined;
  if (key === "key" && (node.value === "<<" || node.value === "__proto__")) return "this key is not allowed";
  if (typeof node.value !== "number") return undefined;
  if (!Number.isFinite(node.value) || Math.abs(node.value) > Number.MAX_SAFE_INTEGER) return "number out of range";
  // Minus zero would be written as zero; there is one zero.
  if (Object.is(node.value, -0)) node.value = 0;
  return undefined;
}

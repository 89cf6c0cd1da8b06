import { shown } from "@seb/schema";
import { type Document, isAlias, isScalar, type Node, visit, type YAMLError, type YAMLWarning } from "yaml";
import { pointerAt, pointerOf } from "./yaml-places.js";

/** One thing that a text may not hold: `offset` is in UTF-16 units from its start. */
export interface YamlProblem {
  readonly offset: number;
  /** Pointer to the value; absent where the text around it cannot be read. */
  readonly field?: string;
  readonly found: string;
  readonly expected: string;
}

type Said = readonly [found: string, expected: string];

/** By the parser's code: what stands there, and what may. */
const SAID: Readonly<Partial<Record<YAMLError["code"], Said>>> = {
  TAB_AS_INDENT: ["a tab as indentation", "blanks"],
  MULTIPLE_DOCS: ["a second document", "one document"],
  BAD_INDENT: ["an indentation that does not fit", "the indentation of the lines that it belongs with"],
  MISSING_CHAR: ["a value that ends too early", "`:` after a key, or the quote or bracket that closes"],
  BLOCK_AS_IMPLICIT_KEY: ["a mapping within a line", "one `key: value` a line, and text with `: ` in quotes"],
  MULTILINE_IMPLICIT_KEY: ["a line that is not `key: value`", "`key: value`"],
  UNEXPECTED_TOKEN: ["text that does not belong here", "`key: value`, or `- ` before each item of a list"],
  BAD_SCALAR_START: ["text that begins with a reserved sign", "quotes around it"],
  BAD_DQ_ESCAPE: ["an unknown escape", "an escape of YAML, or single quotes"],
  NON_STRING_KEY: ["a key that is not text", "text, in quotes where it reads like another value"],
  TAG_RESOLVE_FAILED: ["a tag", "a value without a tag"],
  MULTIPLE_ANCHORS: ["an anchor", "each value written out"],
  MULTIPLE_TAGS: ["a tag", "a value without a tag"],
  BAD_ALIAS: ["an alias", "the value itself"],
};

/** What the parser found wrong, in our terms. Its own message may quote the text. */
export function yamlProblem(document: Document, { code, pos }: YAMLError | YAMLWarning, text: string): YamlProblem {
  const [offset] = pos;
  if (code === "DUPLICATE_KEY") {
    const key = /^["']?([\w./@-]{1,40})(?=["']?\s*:)/.exec(text.slice(offset, offset + 64))?.[1];
    return {
      offset,
      field: pointerAt(document, offset),
      found: `the key ${key === undefined ? "" : `${shown(key)} `}again`,
      expected: "each key once",
    };
  }
  const [found, expected] = SAID[code] ?? [code.toLowerCase().replaceAll("_", " "), "plain YAML"];
  return { offset, found, expected };
}

/** True for an error after which the rest of the document still means what it says. */
export function isSoft({ code }: YAMLError | YAMLWarning): boolean {
  return code === "DUPLICATE_KEY" || code === "TAG_RESOLVE_FAILED";
}

/** Where nothing else is to blame. */
export const hardProblem: YamlProblem = {
  offset: 0,
  found: "something that JSON cannot say",
  expected: "text, numbers, flags, lists and mappings",
};

/** Every node that says what plain JSON cannot. Makes minus zero zero: there is one. */
export function forbiddenNodes(document: Document): YamlProblem[] {
  const problems: YamlProblem[] = [];
  visit(document, {
    Node(key, node, path) {
      const said = forbiddenIn(node, key);
      if (said === undefined) return;
      const [found, expected] = said;
      problems.push({ offset: node.range?.[0] ?? 0, field: pointerOf(key, path), found, expected });
    },
  });
  return problems;
}

function forbiddenIn(node: Node, key: unknown): Said | undefined {
  if (isAlias(node)) return ["an alias", "the value itself"];
  if ("anchor" in node && node.anchor !== undefined) return ["an anchor", "each value written out"];
  if (node.tag !== undefined) return ["a tag", "a value without a tag"];
  if (!isScalar(node)) return undefined;
  if (key === "key" && (node.value === "<<" || node.value === "__proto__"))
    return [`the key \`${node.value}\``, "another key"];
  if (typeof node.value !== "number") return undefined;
  if (!Number.isFinite(node.value) || Math.abs(node.value) > Number.MAX_SAFE_INTEGER)
    return ["a number out of range", "a number within +-(2^53 - 1)"];
  if (Object.is(node.value, -0)) node.value = 0;
  return undefined;
}

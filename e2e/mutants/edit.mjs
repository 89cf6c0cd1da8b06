// Makes a mutant's edits on the syntax trees of the files that they stand in.
import ts from "typescript";
import { parse, readPiece, syntaxError, tokensOf } from "./syntax.mjs";

const { factory } = ts;
/** Lists of nodes in which something can be left out or put in, by the place that a new piece of them is read as. */
const LISTS = [
  ["statements", "statements", ts.isStatement],
  ["properties", "members", ts.isObjectLiteralElementLike],
  ["members", "classMembers", ts.isClassElement],
  ["elements", "elements", ts.isExpression],
  ["arguments", "elements", ts.isExpression],
];

/** The place of a node in a list, as what a piece there is read as; undefined when it stands in none. */
function listOf(node) {
  if (ts.isStatement(node)) return "statements";
  return LISTS.find(([key, , is]) => is(node) && node.parent[key]?.includes?.(node))?.[1];
}

/** A parsed piece without its positions, which mean nothing in the tree that it is put into. */
function detached(node) {
  const strip = (it) => {
    ts.forEachChild(it, strip, (list) => {
      list.forEach(strip);
      ts.setTextRangePosEnd(list, -1, -1);
    });
    ts.setTextRangePosEnd(it, -1, -1);
  };
  strip(node);
  return node;
}

function read(text, place) {
  const piece = readPiece(text, place);
  if (piece === undefined) throw new TypeError(`this cannot stand there as ${place}: ${text}`);
  return piece.nodes.map(detached);
}

/** What becomes of one node, by kind of edit. Answers the node and what takes its place: a node, a list of nodes, or nothing. */
const KINDS = {
  never: ({ nodes }) => [expressionOf(nodes, "never"), factory.createFalse()],
  always: ({ nodes }) => [expressionOf(nodes, "always"), factory.createTrue()],
  drop({ nodes }) {
    const node = nodes.find((it) => listOf(it) !== undefined);
    if (node === undefined) throw new TypeError("drop: only a statement, or an element of a list, can be left out");
    return [node, inList(node) ? undefined : factory.createEmptyStatement()];
  },
  becomes({ nodes }, code) {
    const node = nodes.find((it) => listOf(it) !== undefined) ?? nodes[0];
    const place = listOf(node) ?? (ts.isExpression(node) ? "expression" : undefined);
    if (place === undefined)
      throw new TypeError("becomes: only expressions, statements and elements of lists can be replaced");
    return [node, read(code, place)];
  },
  before: ({ nodes }, code) => beside(nodes, (node, added) => [...added, node], code),
  after: ({ nodes }, code) => beside(nodes, (node, added) => [node, ...added], code),
};

function expressionOf(nodes, kind) {
  const node = nodes.findLast((it) => ts.isExpression(it));
  if (node === undefined) throw new TypeError(`${kind}: only an expression is true or false`);
  return node;
}

const inList = (node) => LISTS.some(([key]) => node.parent[key]?.includes?.(node));

function beside(nodes, together, code) {
  const node = nodes.find((it) => listOf(it) !== undefined);
  if (node === undefined) throw new TypeError("before and after: only beside a statement or an element of a list");
  return [node, together(node, read(code, listOf(node)))];
}

/** The new text of a part of a string, a template or a file of another language. */
const TEXT_KINDS = {
  never: () => "false",
  always: () => "true",
  drop: () => "",
  becomes: (_old, code) => code,
  before: (old, code) => `${code}${old}`,
  after: (old, code) => `${old}${code}`,
};

function editedText(text, { range: [from, to] }, { kind, code }) {
  return text.slice(0, from) + TEXT_KINDS[kind](text.slice(from, to), code) + text.slice(to);
}

/** Edits of the text of a literal: it is read again as a literal. */
function editLiteral({ source, nodes: [node], ...place }, edit) {
  const literal = source.text.slice(node.getStart(source.tree), node.end);
  return [node, read(editedText(literal, place, edit), "expression")];
}

function replacementOf(place, edit) {
  const [node, by] = edit.inText ? editLiteral(place, edit) : KINDS[edit.kind](place, edit.code);
  return [node, Array.isArray(by) && by.length === 1 ? by[0] : by];
}

const printer = ts.createPrinter({ removeComments: true });

/** The tree with each node replaced by what the map gives for it, as text. */
function print(tree, replacements) {
  const left = new Set(replacements.keys());
  const transformed = ts.transform(tree, [
    (context) => (file) => {
      const visit = (node) => {
        if (!replacements.has(node)) return ts.visitEachChild(node, visit, context);
        left.delete(node);
        return replacements.get(node);
      };
      return ts.visitNode(file, visit);
    },
  ]);
  if (left.size > 0) throw new TypeError("one edit lies within another");
  return printer.printFile(transformed.transformed[0]);
}

const WITH_CODE = ["becomes", "before", "after"];

function checkCode({ kind, code }) {
  if (WITH_CODE.includes(kind) && code === undefined) throw new TypeError(`${kind}: what the piece becomes is missing`);
  if (!WITH_CODE.includes(kind) && code !== undefined)
    throw new TypeError(`${kind} takes a condition and nothing else`);
}

/** The text of a source after these edits `[place, edit]`. Throws a TypeError when an edit cannot be made. */
export function edited(source, edits) {
  for (const [, edit] of edits) checkCode(edit);
  if (source.tree === undefined) {
    const [[place, edit], ...more] = edits;
    if (more.length > 0) throw new TypeError("one edit for each file that is not TypeScript");
    return editedText(source.text, place, edit);
  }
  const replacements = new Map();
  for (const [place, edit] of edits) {
    const [node, by] = replacementOf(place, edit);
    if (replacements.has(node)) throw new TypeError("two edits of the same piece");
    replacements.set(node, by);
  }
  const text = print(source.tree, replacements);
  const tree = parse(source.file, text);
  const error = syntaxError(tree);
  if (error !== undefined) throw new TypeError(`the result is not TypeScript: ${error}`);
  if (sameTokens(tokensOf(tree), source.tokens)) throw new TypeError("the edit changes nothing");
  return text;
}

const sameTokens = (one, other) => one.length === other.length && one.every(({ text }, at) => text === other[at].text);

// Finds the condition that a mutant names, wherever in the sources it stands now.
import ts from "typescript";
import { isNamed, namesAround, tokensOfPiece, withoutSemicolon } from "./syntax.mjs";
import { textsIn } from "./text.mjs";

/**
 * @typedef {object} Edit  `file`, `function`: where the condition stood when the entry was written; `condition`: a piece of TypeScript, or
 *   with `inText` a part of a string, of a template (Lua, CEL) or of a file that is not TypeScript; `kind` and `code`: see checks/mutant.mjs.
 * @typedef {object} Place  `source`; `names`: the declarations around it, outermost first; `nodes`: the nodes that are this piece,
 *   outermost first; `range` of a text in its literal or file.
 */

/** How much a node is a condition: 2 for what an `if`, a loop or `?:` asks, 1 for a part of that, 0 for anything else. */
function weight(node) {
  const { parent } = node;
  if (ts.isParenthesizedExpression(parent) || ts.isAwaitExpression(parent)) return weight(parent);
  const asked = ts.isConditionalExpression(parent) || ts.isForStatement(parent) ? parent.condition : undefined;
  const isLoop = ts.isIfStatement(parent) || ts.isWhileStatement(parent) || ts.isDoStatement(parent);
  if (asked === node || (isLoop && parent.expression === node)) return 2;
  if (ts.isPrefixUnaryExpression(parent)) return parent.operator === ts.SyntaxKind.ExclamationToken ? 1 : 0;
  return ts.isBinaryExpression(parent) && ["&&", "||"].includes(parent.operatorToken.getText()) ? 1 : 0;
}

/** Every place of a file where this piece stands. */
function piecesIn(source, wanted) {
  const { tree, tokens } = source;
  const startsAt = new Map(tokens.map(({ start }, at) => [start, at]));
  const endsAt = new Map(tokens.map(({ end }, at) => [end, at]));
  const found = new Map();
  const walk = (node) => {
    const from = startsAt.get(node.getStart(tree));
    const to = endsAt.get(node.end);
    if (from !== undefined && to !== undefined && isSame(tokens, from, to, wanted)) {
      if (!found.has(from)) found.set(from, []);
      found.get(from).push(node);
    }
    ts.forEachChild(node, walk);
  };
  ts.forEachChild(tree, walk);
  return [...found.values()].map((nodes) => ({ source, nodes, names: namesAround(nodes[0], tree) }));
}

function isSame(tokens, from, to, wanted) {
  const length = to - from + 1;
  if (length < wanted.length || length > wanted.length + 1) return false;
  const texts = withoutSemicolon(tokens.slice(from, to + 1).map(({ text }) => text));
  return texts.length === wanted.length && texts.every((text, at) => text === wanted[at]);
}

/** Of several places, an edit that makes a condition true or false means those that are a condition most. */
function meant(places, { kind, inText }) {
  if (places.length < 2 || inText || (kind !== "never" && kind !== "always")) return places;
  const weights = places.map(({ nodes }) => Math.max(...nodes.map(weight)));
  const most = Math.max(...weights);
  return places.filter((_, at) => weights[at] === most);
}

function placesIn(source, edit, wanted) {
  if (edit.inText) return textsIn(source, edit.condition);
  return source.tree === undefined ? [] : piecesIn(source, wanted);
}

/** The condition's tokens, or why it has none. */
function readCondition({ condition, inText }) {
  if (inText) return condition.trim() === "" ? { why: "the text is empty" } : { wanted: [] };
  const wanted = tokensOfPiece(condition);
  return wanted === undefined ? { why: `\`${condition}\` is not a piece of TypeScript` } : { wanted };
}

/** A place as its file and the declarations around it. */
const where = ({ source, names }) => `${source.file} (${names.join(".") || "outside of any function"})`;

/**
 * Where an edit's condition stands: in the named file and function; else anywhere in a function of that name; else anywhere.
 * @returns `{place, moved?}`, where `moved` says where to, when it is not where the entry says; or `{why}`, what was searched.
 */
export function find(sources, edit) {
  const { wanted, why } = readCondition(edit);
  if (why !== undefined) return { why };
  const named = (places) => places.filter(({ names }) => isNamed(edit.function, names));
  const own = sources.read(edit.file);
  const here = own === undefined ? [] : meant(named(placesIn(own, edit, wanted)), edit);
  const what = `${edit.inText ? "the text" : "the condition"} \`${edit.condition}\``;
  const home = `${edit.file}, ${edit.function}`;
  if (here.length === 1) return { place: here[0] };
  if (here.length > 1) return { why: `${what} stands ${here.length} times in ${home}: name more of it` };
  const all = sources.holding(edit, wanted).flatMap((source) => placesIn(source, edit, wanted));
  for (const places of [meant(named(all), edit), meant(all, edit)]) {
    if (places.length === 1) return { place: places[0], moved: where(places[0]) };
    if (places.length > 1) {
      const some = places.slice(0, 4).map(where).join(", ");
      return { why: `${what} is not in ${home}, and stands ${places.length} times elsewhere: ${some}` };
    }
  }
  const missing = own === undefined ? ", which does not exist," : "";
  return { why: `${what} is not in ${home}${missing} nor in any other function of the ${sources.count} sources` };
}

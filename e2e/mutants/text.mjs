// Conditions in another language: Lua and CEL in strings and templates, settings of servers in files of their own.
import ts from "typescript";
import { namesAround } from "./syntax.mjs";

const isText = (node) => ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);

/** Where `part` stands in `text`, as `[from, to]`; space counts for nothing. */
function rangesOf(text, part) {
  const at = [];
  for (let index = 0; index < text.length; index += 1) if (!/\s/.test(text[index])) at.push(index);
  const dense = at.map((index) => text[index]).join("");
  const wanted = part.replace(/\s/g, "");
  const ranges = [];
  for (let from = dense.indexOf(wanted); from !== -1; from = dense.indexOf(wanted, from + 1))
    ranges.push([at[from], at[from + wanted.length - 1] + 1]);
  return ranges;
}

/** The Lua function whose body a position is in: it begins at the start of a line, and so does its `end`. */
function luaFunctionAt(text, position) {
  const before = text.slice(0, position).split("\n");
  for (const line of before.reverse()) {
    if (line === "end") return undefined;
    const name = /^(?:local )?function ([\w.:]+)\(/.exec(line)?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}

/** Every place of a source where this text stands: anywhere in a file of another language, in strings and templates of TypeScript. */
export function textsIn(source, part) {
  const { tree, text } = source;
  if (tree === undefined) return rangesOf(text, part).map((range) => ({ source, range, names: [] }));
  const byStart = new Map();
  const walk = (node) => {
    if (isText(node)) {
      const start = node.getStart(tree);
      const literal = text.slice(start, node.end);
      for (const [from, to] of rangesOf(literal, part)) {
        const lua = luaFunctionAt(literal, from);
        const names = [...namesAround(node, tree), ...(lua === undefined ? [] : [lua])];
        // An inner template is walked later than the one around it, and is the nearer one.
        byStart.set(start + from, { source, nodes: [node], range: [from, to], names });
      }
    }
    ts.forEachChild(node, walk);
  };
  walk(tree);
  return [...byStart.values()];
}

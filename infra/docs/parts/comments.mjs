import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root } from "../../process.mjs";

/** The text of the doc comment in front of a node, on one line. */
function commentOf(node, source) {
  const ranges = ts.getLeadingCommentRanges(source.text, node.getFullStart()) ?? [];
  const last = ranges.map(({ pos, end }) => source.text.slice(pos, end)).findLast((text) => text.startsWith("/**"));
  if (last === undefined) return undefined;
  return last
    .replace(/^\/\*\*|\*\/$/g, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trim())
    .join(" ")
    .trim();
}

/**
 * The doc comments of a schema in its source: of itself under "", of its members by path (`regions.*.target`, `windows[].days`).
 * Only schemas of the same file are followed.
 */
export function commentsOf(path, name) {
  const source = ts.createSourceFile(path, readFileSync(join(root, path), "utf8"), ts.ScriptTarget.Latest, true);
  const schemas = new Map();
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name: id, initializer } of statement.declarationList.declarations)
      schemas.set(id.getText(source), { initializer, statement });
  }
  const found = new Map();
  const visit = (node, at) => {
    if (ts.isIdentifier(node)) {
      const known = schemas.get(node.text);
      if (known?.initializer) visit(known.initializer, at);
    } else if (ts.isCallExpression(node)) {
      const called = node.expression.getText(source);
      if (called === "mapOf") visit(node.arguments[1], `${at}.*`);
      else if (called === "Type.Array") visit(node.arguments[0], `${at}[]`);
      else for (const argument of node.arguments) visit(argument, at);
    } else if (ts.isArrayLiteralExpression(node)) {
      for (const element of node.elements) visit(element, at);
    } else if (ts.isObjectLiteralExpression(node)) {
      for (const member of node.properties) {
        if (!ts.isPropertyAssignment(member)) continue;
        const here = at === "" ? member.name.text : `${at}.${member.name.text}`;
        const comment = commentOf(member, source);
        if (comment) found.set(here, comment);
        visit(member.initializer, here);
      }
    }
  };
  const top = schemas.get(name);
  if (top?.initializer === undefined) throw new Error(`${path} has no ${name}`);
  const own = commentOf(top.statement, source);
  if (own) found.set("", own);
  visit(top.initializer, "");
  return found;
}

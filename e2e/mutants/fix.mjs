// Writes where a condition stands now into its entry.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { MODULE } from "./syntax.mjs";

const stringOf = (node) => (node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined);

/** The text of a condition's argument: a literal, or a literal in `text(...)`. */
const conditionOf = (node) =>
  node !== undefined && ts.isCallExpression(node) ? stringOf(node.arguments[0]) : stringOf(node);

/** The calls of a list of mutants that write this edit, as `[file argument, function argument]`. */
function entriesOf(tree, edit) {
  const found = [];
  const walk = (node) => {
    if (ts.isCallExpression(node) && node.expression.getText(tree) === edit.kind) {
      const [file, within, condition] = node.arguments;
      const isModule = edit.function === MODULE && within?.getText(tree) === "MODULE";
      if (
        stringOf(file) === edit.file &&
        (isModule || stringOf(within) === edit.function) &&
        conditionOf(condition) === edit.condition
      )
        found.push([file, within]);
    }
    ts.forEachChild(node, walk);
  };
  walk(tree);
  return found;
}

/**
 * Rewrites file and function of the entries in `folder` whose condition has moved. Answers the edits that stand in no entry as literals,
 * which only a person can rewrite.
 * @param moved `{edit, place}[]`
 */
export function fixEntries(folder, moved) {
  const left = new Set(moved);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const text = readFileSync(path, "utf8");
    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
    const changes = new Map();
    for (const it of moved) {
      const { source, names } = it.place;
      const within = names.length === 0 ? "MODULE" : JSON.stringify(names.join("."));
      for (const [file, key] of entriesOf(tree, it.edit)) {
        changes.set(file, JSON.stringify(source.file)).set(key, within);
        left.delete(it);
      }
    }
    const inOrder = [...changes].sort(([one], [other]) => other.getStart(tree) - one.getStart(tree));
    const fixed = inOrder.reduce((at, [node, by]) => at.slice(0, node.getStart(tree)) + by + at.slice(node.end), text);
    if (fixed !== text) writeFileSync(path, fixed);
  }
  return [...left];
}

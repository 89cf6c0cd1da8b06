// Reads the workspaces of a checkout into the description that boundaries.mjs judges.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const sourceFile = /\.(?:ts|mts|js|mjs)$/;

/** All workspaces below `root`: `packages/*`, `apps/*`, `e2e`. */
export function readWorkspaces(root) {
  const folders = ["packages", "apps"].flatMap((group) =>
    list(join(root, group)).map((name) => join(root, group, name)),
  );
  return [...folders, join(root, "e2e")]
    .filter((folder) => existsSync(join(folder, "package.json")))
    .map(readWorkspace);
}

function readWorkspace(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const hasContractSuite = manifest.exports?.["./contract"] !== undefined;
  const sources = list(folder)
    .filter((name) => !["node_modules", "dist"].includes(name))
    .flatMap((name) => filesFrom(folder, name))
    .filter((path) => sourceFile.test(path) && !path.endsWith(".d.ts"));
  return {
    name: manifest.name,
    tag: readTag(folder),
    dependencies: Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }),
    files: list(folder),
    sources: sources.map((path) => {
      const test = /\.test\.[a-z]+$/.test(path) || (hasContractSuite && /^src\/contract(?:\.ts$|\/)/.test(path));
      return { path, test, ...readSource(path, readFileSync(join(folder, path), "utf8")) };
    }),
  };
}

function readTag(folder) {
  const file = join(folder, "turbo.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).tags?.[0] : undefined;
}

function list(folder) {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function filesFrom(folder, name) {
  if (sourceFile.test(name)) return [name];
  if (name.includes(".") || name === "node_modules") return [];
  try {
    return list(join(folder, name))
      .filter((entry) => !["node_modules", "dist"].includes(entry))
      .flatMap((entry) => filesFrom(folder, `${name}/${entry}`));
  } catch (error) {
    if (error.code === "ENOTDIR") return [];
    throw error;
  }
}

/** What one file imports and names. Comments and strings do not count; type-only imports do. */
export function readSource(path, text) {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const seen = { imports: new Set(), names: new Set(), globals: new Set(), members: new Set() };
  visit(file, seen);
  return {
    lines: text.split("\n").length - (text.endsWith("\n") ? 1 : 0),
    imports: [...seen.imports],
    names: [...seen.names],
    globals: [...seen.globals],
    members: [...seen.members],
  };
}

function visit(node, seen) {
  const specifier = importedBy(node);
  if (specifier !== undefined) seen.imports.add(specifier);
  if (ts.isIdentifier(node)) {
    seen.names.add(node.text);
    if (isValue(node)) seen.globals.add(node.text);
  } else if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    seen.members.add(`${node.expression.text}.${node.name.text}`);
  } else if (readsClock(node)) seen.globals.add("Date()");
  ts.forEachChild(node, (child) => visit(child, seen));
}

function importedBy(node) {
  let literal;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) literal = node.moduleSpecifier;
  else if (ts.isImportTypeNode(node)) literal = node.argument.literal;
  else if (ts.isCallExpression(node)) {
    const callee = node.expression;
    const loads =
      callee.kind === ts.SyntaxKind.ImportKeyword ||
      /(?:^|\.)(?:require|import\.meta\.resolve)$/.test(callee.getText());
    if (loads) literal = node.arguments[0];
  }
  return literal !== undefined && ts.isStringLiteralLike(literal) ? literal.text : undefined;
}

/** `new Date()` and `Date()` read the clock; `new Date(ms)` does not. */
function readsClock(node) {
  const named =
    (ts.isNewExpression(node) || ts.isCallExpression(node)) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === "Date";
  return named && (ts.isCallExpression(node) || (node.arguments?.length ?? 0) === 0);
}

/** False where an identifier only names a property, a parameter or a variable. */
function isValue(node) {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent))
    return (parent.expression ?? parent.left) === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  return parent.name !== node && parent.propertyName !== node && !ts.isTypeReferenceNode(parent);
}

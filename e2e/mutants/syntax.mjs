// What a piece of TypeScript is, apart from how it is laid out: its tokens, and the names of the functions around it.
import ts from "typescript";

const { SyntaxKind } = ts;
/** What code outside of any named declaration is keyed by. */
export const MODULE = "(module)";
/** Where a piece may stand, as the text around it and the way to the nodes that it became. */
const PLACES = {
  expression: ["(", "\n)", (body) => [body.statements[0].expression.expression]],
  statements: ["", "\n", (body) => body.statements],
  members: ["({", "\n})", (body) => body.statements[0].expression.expression.properties],
  elements: ["[", "\n]", (body) => body.statements[0].expression.elements],
  classMembers: ["class Piece {", "\n}", (body) => body.statements[0].members],
};

/** A file's syntax tree. Nodes know their parents. */
export const parse = (file, text) => ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.TS);

/** The first syntax error of a tree as text, or undefined. */
export function syntaxError(tree) {
  const [first] = tree.parseDiagnostics;
  return first === undefined ? undefined : ts.flattenDiagnosticMessageText(first.messageText, " ");
}

/** Reads a piece as what may stand at such a place: its nodes and their tree, or undefined when it cannot stand there. */
export function readPiece(text, place) {
  const [open, close, nodesOf] = PLACES[place];
  const tree = parse("piece.ts", `async () => {${open}${text}${close}}`);
  if (syntaxError(tree) !== undefined) return undefined;
  return { tree, nodes: [...nodesOf(tree.statements[0].expression.body)] };
}

/**
 * The tokens of a tree in order, each `{text, start, end}`. Space, comments, the kind of quotes and the comma after a last element are
 * left out: a formatter may change them.
 */
export function tokensOf(tree) {
  const tokens = [];
  const walk = (node) => {
    if (node.kind === SyntaxKind.EndOfFileToken || ts.isJSDoc(node)) return;
    const children = node.getChildren(tree);
    if (children.length > 0) return children.forEach(walk);
    const start = node.getStart(tree);
    if (start === node.end) return;
    const text = ts.isStringLiteral(node) ? JSON.stringify(node.text) : tree.text.slice(start, node.end);
    if (/^[)\]}]$/.test(text) && tokens.at(-1)?.text === ",") tokens.pop();
    tokens.push({ text, start, end: node.end });
  };
  walk(tree);
  return tokens;
}

/** The tokens of a condition, without the semicolon at its end; undefined when it is not a piece of TypeScript. */
export function tokensOfPiece(text) {
  for (const place of Object.keys(PLACES)) {
    const piece = readPiece(text, place);
    if (piece === undefined || piece.nodes.length === 0) continue;
    const from = piece.nodes[0].getStart(piece.tree);
    const to = piece.nodes.at(-1).end;
    const tokens = tokensOf(piece.tree).filter(({ start, end }) => start >= from && end <= to);
    return withoutSemicolon(tokens.map((token) => token.text));
  }
  return undefined;
}

export const withoutSemicolon = (texts) => (texts.at(-1) === ";" ? texts.slice(0, -1) : texts);

const isFunction = (node) => node !== undefined && (ts.isArrowFunction(node) || ts.isFunctionExpression(node));
const isOfModule = (declaration) => ts.isSourceFile(declaration.parent.parent.parent);

/** The name that a declaration gives to what stands in it, or undefined. */
function nameGivenBy(node, tree) {
  if (ts.isConstructorDeclaration(node)) return "constructor";
  if (ts.isVariableDeclaration(node))
    return isFunction(node.initializer) || isOfModule(node) ? node.name.getText(tree) : undefined;
  if (ts.isPropertyAssignment(node) || ts.isPropertyDeclaration(node))
    return isFunction(node.initializer) ? node.name.getText(tree) : undefined;
  const named = ts.isFunctionLike(node) || ts.isClassLike(node);
  return named ? node.name?.getText(tree) : undefined;
}

/** The names of the declarations around a node, outermost first: functions, methods, classes, and constants of the module. */
export function namesAround(node, tree) {
  const names = [];
  for (let at = node.parent; at !== undefined; at = at.parent) {
    const name = nameGivenBy(at, tree);
    if (name !== undefined) names.unshift(name);
  }
  return names;
}

/** Does a key as `outer.inner` or `inner` name one of these declarations? */
export function isNamed(key, names) {
  if (key === MODULE) return names.length === 0;
  return `.${names.join(".")}.`.includes(`.${key}.`);
}

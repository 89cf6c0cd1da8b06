// Which files of a checkout an image is built from, by the rules of .dockerignore as docker, BuildKit and buildah read them.
/** `*` and `?` stay within a name, `**` is any number of folders; what lies below a match matches too. */
function expressionOf(pattern) {
  const parts = pattern.split(/(\*\*\/|\*\*|\*|\?)/).map((part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    return part === "?" ? "[^/]" : part.replace(/[.+^$()[\]{}|\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}(?:/.*)?$`);
}

/** Is this file, by its path with `/` from the root of the checkout, handed to the engine? */
export function admittedBy(text) {
  const rules = text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ admits: line.startsWith("!"), pattern: line.replace(/^!/, "") }))
    .map((rule) => ({ ...rule, expression: expressionOf(rule.pattern) }));
  const leftOut = (path) => rules.findLast(({ expression }) => expression.test(path))?.admits === false;
  const lookedInto = (folder) =>
    !leftOut(folder) || rules.some(({ admits, pattern }) => admits && `${pattern}/`.startsWith(`${folder}/`));
  return (path) => {
    const names = path.split("/");
    const folders = names.slice(1).map((_name, at) => names.slice(0, at + 1).join("/"));
    return folders.every(lookedInto) && !leftOut(path);
  };
}

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How often `part` occurs in `text`. */
function occurrences(text, part) {
  return text.split(part).length - 1;
}

/** Why an edit cannot be made in this tree, or undefined. Its text must stand there exactly once, so that it says what it changes. */
export function whyNot(root, { file, find, replace }) {
  let text;
  try {
    text = readFileSync(join(root, file), "utf8");
  } catch {
    return `${file} does not exist`;
  }
  const count = occurrences(text, find);
  if (count !== 1)
    return `${file} holds the text ${count} times instead of once: ${JSON.stringify(find.slice(0, 120))}`;
  return find === replace ? `${file}: the edit changes nothing` : undefined;
}

/** Makes all edits of a mutant; answers how to take them back. */
export function mutate(root, edits) {
  const originals = new Map();
  for (const { file, find, replace } of edits) {
    const path = join(root, file);
    const text = readFileSync(path, "utf8");
    if (!originals.has(path)) originals.set(path, text);
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
  }
  return () => {
    for (const [path, text] of originals) writeFileSync(path, text);
  };
}

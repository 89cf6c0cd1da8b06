import { pointerTo } from "@seb/schema";
import { type Document, isMap, isNode, isPair, isScalar, isSeq, type Node, visit } from "yaml";

const keyText = (key: unknown): string => String(isScalar(key) ? key.value : "");

/** RFC 6901 pointer to the innermost value or key that begins at an offset or spans it; `""` when there is none. */
export function pointerAt(document: Document, offset: number): string {
  let found = "";
  visit(document, {
    Node(key, node, path) {
      const [start, , end] = node.range ?? [0, 0, 0];
      if (offset < start || offset >= end) return visit.SKIP;
      found = pointerOf(key, path);
      return undefined;
    },
  });
  return found;
}

/** RFC 6901 pointer to a node that `visit` came to: keys of pairs, and indices in lists. `last` is its key there. */
export function pointerOf(last: unknown, path: readonly unknown[]): string {
  let pointer = "";
  for (const [depth, step] of path.entries()) {
    if (isPair(step)) pointer = pointerTo(pointer, keyText(step.key));
    else if (isSeq(step)) {
      const next = path[depth + 1];
      const index = next === undefined ? Number(last) : step.items.indexOf(next);
      pointer = `${pointer}/${index}`;
    }
  }
  return pointer;
}

/** See `YamlText.lineOf`. */
export function lineOfPointer(
  document: Document,
  pointer: string,
  lineAt: (offset: number) => number,
): number | undefined {
  let node: unknown = document.contents;
  let line: number | undefined;
  for (const raw of pointer.split("/").slice(1)) {
    const next = childOf(node, raw.replaceAll("~1", "/").replaceAll("~0", "~"));
    if (next === undefined) return line;
    if (next.start !== undefined) line = lineAt(next.start);
    node = next.node;
  }
  return line;
}

function childOf(
  node: unknown,
  name: string,
): { readonly node: unknown; readonly start: number | undefined } | undefined {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => keyText(key) === name);
    return pair === undefined ? undefined : { node: pair.value, start: startOf(pair.key) };
  }
  if (!isSeq(node) || !/^\d+$/.test(name)) return undefined;
  const item: unknown = node.items[Number(name)];
  return item === undefined ? undefined : { node: item, start: startOf(item) };
}

function startOf(node: unknown): number | undefined {
  const known: Node | undefined = isNode(node) ? node : undefined;
  return known?.range?.[0];
}

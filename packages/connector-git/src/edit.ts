import { isDeepStrictEqual } from "node:util";
import type { Edit, Format } from "@seb/connector-git-language";
import { isObject, type ScalarValue, tokensOf } from "@seb/connector-language";
import { fail, ok, type Result } from "@seb/schema";
import { isMap, isScalar, isSeq, parse, type Scalar } from "yaml";
import { type Parsed, parseFile } from "./documents.js";
import { isIndex } from "./names.js";

/** A scalar and where its text stands, in UTF-16 units. */
interface Place {
  readonly scalar: Scalar;
  readonly from: number;
  readonly to: number;
}

// Nothing in it means anything to YAML: no quote, comment, anchor, flow sign, or colon before a space.
const PLAIN = /^[A-Za-z][A-Za-z0-9._/@+-]*(?::[A-Za-z0-9._/@+-]+)*$/;

/** Whether every pointer of an edit leads to a scalar that may be replaced. Values are not looked at: some may still be open. */
export function editable(parsed: Parsed, edit: Edit): Result<void, "target_refused"> {
  for (const pointer of edit.set.keys()) {
    const place = locate(parsed, pointer);
    if (!place.ok) return place;
  }
  return ok(undefined);
}

/**
 * Replaces scalars in the text and nothing else: comments, order, quotes and line ends stay as they are. A value keeps its type.
 * The outcome is parsed again and must be the old content with exactly those values replaced; otherwise `target_refused`.
 */
export function editFile(text: string, edit: Edit): Result<string, "target_refused"> {
  const parsed = parseFile(text, edit.format);
  if (!parsed.ok) return parsed;
  const splices: { readonly from: number; readonly to: number; readonly text: string }[] = [];
  const wanted = parsed.value.value;
  for (const [pointer, value] of edit.set) {
    if (value === undefined) return fail("target_refused", "A parameter is still open.");
    const place = locate(parsed.value, pointer);
    if (!place.ok) return place;
    const { scalar, from, to } = place.value;
    if (typeof scalar.value !== typeof value) return fail("target_refused", "The value there has another type.");
    if (scalar.value !== value) splices.push({ from, to, text: write(value, scalar, edit.format) });
    replace(wanted, tokensOf(pointer), value);
  }
  splices.sort((one, other) => other.from - one.from);
  const edited = splices.reduce((all, { from, to, text: by }) => all.slice(0, from) + by + all.slice(to), text);
  const again = parseFile(edited, edit.format);
  if (!again.ok || !isDeepStrictEqual(again.value.value, wanted)) {
    return fail("target_refused", "The file cannot be changed in this one place alone.");
  }
  return ok(edited);
}

/**
 * Finds the scalar at a pointer. Refused: a value that an anchor or alias shares with another place, an explicit tag, a block scalar,
 * a null (its type is not known), a list or a map.
 */
function locate({ root }: Parsed, pointer: string): Result<Place, "target_refused"> {
  let node = root;
  for (const token of tokensOf(pointer)) {
    if (isMap(node) && node.anchor === undefined) {
      node = node.items.find(({ key }) => isScalar(key) && String(key.value) === token)?.value;
    } else if (isSeq(node) && node.anchor === undefined && isIndex(token)) {
      node = node.items[Number(token)];
    } else return fail("target_refused", "The file has no such field, or shares it with another place.");
  }
  if (!isScalar(node) || node.anchor !== undefined || node.tag !== undefined || !node.range) {
    return fail("target_refused", "The field is missing, no plain scalar, or shared with another place.");
  }
  if (!isScalarValue(node.value) || node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED") {
    return fail("target_refused", "The field is no text on one line, number or boolean.");
  }
  return ok({ scalar: node, from: node.range[0], to: node.range[1] });
}

const isScalarValue = (value: unknown): value is ScalarValue => ["string", "number", "boolean"].includes(typeof value);

/** The value in the style of the one it replaces. A plain text stays plain only if YAML 1.1 readers see the same text, too. */
function write(value: ScalarValue, old: Scalar, format: Format): string {
  if (typeof value !== "string" || format === "json") return JSON.stringify(value);
  if (old.type === "QUOTE_SINGLE") return `'${value.replaceAll("'", "''")}'`;
  const plain = old.type === "PLAIN" && PLAIN.test(value) && parse(value, { version: "1.1" }) === value;
  return plain ? value : JSON.stringify(value);
}

function replace(root: unknown, tokens: readonly string[], value: ScalarValue): void {
  let holder = root;
  for (const token of tokens.slice(0, -1)) {
    if (Array.isArray(holder)) holder = holder[Number(token)];
    else if (isObject(holder)) holder = holder[token];
  }
  const last = tokens.at(-1) ?? "";
  if (Array.isArray(holder)) holder[Number(last)] = value;
  else if (typeof holder === "object" && holder !== null) Reflect.set(holder, last, value);
}

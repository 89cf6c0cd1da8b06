import { fail, ok, type Result } from "@seb/schema";
import { Assembler } from "./assembler.js";
import { type Json, loneSurrogateAt, MAX_DEPTH } from "./json.js";
import { type JsonCode, type Refusal, Scanner } from "./scanner.js";

/** Bounds of one document. */
export interface JsonLimits {
  /** Most bytes of UTF-8. */
  readonly maxBytes: number;
  /** Most nested arrays and objects: `[]` needs 1, a scalar 0. Values above {@link MAX_DEPTH} count as that. */
  readonly maxDepth: number;
}

const BYTE_ORDER_MARK = 0xfeff;
const REPLACEMENT = "\ufffd";
const MAX_POINTER_LENGTH = 200;
/** Refusals that blame one value, whose place is told. */
const OF_ONE_VALUE: ReadonlySet<JsonCode> = new Set<JsonCode>([
  "json_duplicate_key",
  "json_lone_surrogate",
  "json_unsafe_integer",
  "json_non_finite",
  "json_too_deep",
]);
/** As long as a field's name may be, and shorter than any key or token that was put in its place. */
const CLEAN_KEY = /^[A-Za-z0-9_.:/~$@-]{1,40}$/;

/**
 * Reads one JSON value (RFC 8259) and nothing that two readers could understand differently: strict UTF-8 without byte
 * order mark, no key twice, no lone surrogate, no number beyond +-(2^53 - 1).
 *
 * Minus zero is read as zero, since RFC 8785 section 3.2.2.3 writes both alike. Objects have no prototype, so
 * `__proto__` and `toString` are present only when the text names them. Whatever this returns, `canonicalize` accepts.
 *
 * @returns the value, or a failure whose `facts.offset` counts UTF-8 bytes from the start. The text is never quoted;
 *   `pointer` (RFC 6901) accompanies a duplicate key, a lone surrogate, an unsafe or infinite number and too deep nesting,
 *   and leads there, or to its nearest ancestor with a printable path; for a key that is no text, to the object around it.
 */
export function readJson(input: Uint8Array | string, limits: JsonLimits): Result<Json, JsonCode> {
  const size = typeof input === "string" ? Buffer.byteLength(input, "utf8") : input.byteLength;
  if (size > limits.maxBytes) return fail("json_too_large", `More than ${limits.maxBytes} bytes.`, { facts: { size } });
  const text = typeof input === "string" ? input : decode(input);
  if (text === undefined) return failAt("json_invalid_utf8", "invalid UTF-8", invalidUtf8At(input));
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) return failAt("json_invalid_utf8", "byte order mark", 0);

  const maxDepth = Math.min(limits.maxDepth, MAX_DEPTH);
  // Decoded bytes are well-formed already; a string from elsewhere may not be.
  const lone = typeof input === "string" ? loneSurrogateAt(text) : -1;
  if (lone >= 0)
    return failAt("json_lone_surrogate", "half a surrogate pair", bytesTo(text, lone), pathTo(text, lone, maxDepth));
  const scanner = new Scanner(text);
  const assembler = new Assembler(scanner, maxDepth);
  const value = assembler.document();
  if (value !== undefined) return ok(value);
  if (scanner.refusal === undefined) throw new Error("no value and no refusal");
  return refused(scanner.refusal, text, assembler);
}

function refused(refusal: Refusal, text: string, assembler: Assembler): Result<never, JsonCode> {
  const offset = bytesTo(text, refusal.at);
  const pointer = OF_ONE_VALUE.has(refusal.code) ? cleanPointer(assembler.path()) : undefined;
  return failAt(refusal.code, refusal.reason, offset, pointer);
}

/** Bytes of UTF-8 before position `at`. */
function bytesTo(text: string, at: number): number {
  return Buffer.byteLength(text.slice(0, at), "utf8");
}

/** Pointer to the value in which the text breaks off at `at`; undefined when the text before is refused already. */
function pathTo(text: string, at: number, maxDepth: number): string | undefined {
  const scanner = new Scanner(text.slice(0, at));
  const assembler = new Assembler(scanner, maxDepth);
  assembler.document();
  return scanner.refusal?.at === at ? cleanPointer(assembler.path()) : undefined;
}

function failAt(code: JsonCode, reason: string, offset: number, pointer?: string): Result<never, JsonCode> {
  const more = { facts: { offset } };
  return fail(code, `At byte ${offset}: ${reason}.`, pointer === undefined ? more : { ...more, pointer });
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Offset of the first byte that is not UTF-8: the first replacement character that the bytes do not spell out. */
function invalidUtf8At(input: Uint8Array | string): number {
  if (typeof input === "string") return 0;
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(input);
  let offset = 0;
  for (let from = 0; ; ) {
    const found = text.indexOf(REPLACEMENT, from);
    if (found < 0) return offset;
    offset += Buffer.byteLength(text.slice(from, found), "utf8");
    if (input[offset] !== 0xef || input[offset + 1] !== 0xbf || input[offset + 2] !== 0xbd) return offset;
    offset += 3;
    from = found + 1;
  }
}

/** RFC 6901 pointer along `path`, cut before the first key that is long or not plainly printable. */
function cleanPointer(path: readonly (string | number)[]): string {
  let pointer = "";
  for (const part of path) {
    if (typeof part === "string" && !CLEAN_KEY.test(part)) break;
    const next = `${pointer}/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (next.length > MAX_POINTER_LENGTH) break;
    pointer = next;
  }
  return pointer;
}

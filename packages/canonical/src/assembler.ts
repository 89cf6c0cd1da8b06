import { emptyMembers, type Json } from "./json.js";
import type { Scanner } from "./scanner.js";

/** An array or object whose end has not been read yet. */
type Frame =
  | { readonly kind: "array"; readonly value: Json[] }
  | { readonly kind: "object"; readonly value: { [key: string]: Json }; key: string };

/** Says that the next thing to read is a value. */
const EXPECT_VALUE = Symbol("expect value");
type Step = Json | typeof EXPECT_VALUE | undefined;

const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;

/** Structural half of the reader: an explicit stack instead of recursion, so that depth costs no call stack. */
export class Assembler {
  readonly #scanner: Scanner;
  readonly #maxDepth: number;
  readonly #open: Frame[] = [];
  /** Set when the innermost object was refused before its next key was read. */
  #keyless = false;

  constructor(scanner: Scanner, maxDepth: number) {
    this.#scanner = scanner;
    this.#maxDepth = maxDepth;
  }

  /** Reads exactly one value and the white space around it; undefined when the scanner holds a refusal. */
  document(): Json | undefined {
    let step: Step = EXPECT_VALUE;
    for (;;) {
      if (step === undefined) return undefined;
      if (step === EXPECT_VALUE) step = this.#begin();
      else if (this.#open.length > 0) step = this.#attach(step);
      else break;
    }
    if (!Number.isNaN(this.#scanner.peek())) return this.#scanner.refuse("json_syntax", "text after the value");
    return step;
  }

  /** Keys and indexes that lead to the value being read, outermost first; to the object around it while a key is read. */
  path(): (string | number)[] {
    const frames = this.#keyless ? this.#open.slice(0, -1) : this.#open;
    return frames.map((frame) => (frame.kind === "array" ? frame.value.length : frame.key));
  }

  #begin(): Step {
    const unit = this.#scanner.peek();
    if (unit !== OPEN_ARRAY && unit !== OPEN_OBJECT) return this.#scanner.scalar();
    if (this.#open.length >= this.#maxDepth) return this.#scanner.refuse("json_too_deep", "nested too deeply");
    this.#scanner.at += 1;
    if (unit === OPEN_ARRAY) {
      const value: Json[] = [];
      if (this.#skip(CLOSE_ARRAY)) return value;
      this.#open.push({ kind: "array", value });
      return EXPECT_VALUE;
    }
    const value = emptyMembers();
    if (this.#skip(CLOSE_OBJECT)) return value;
    const frame: Frame = { kind: "object", value, key: "" };
    this.#open.push(frame);
    return this.#key(frame);
  }

  /** Puts a finished value into the innermost open container and reads on to the next value or the container's end. */
  #attach(item: Json): Step {
    const frame = this.#open[this.#open.length - 1];
    if (frame === undefined) throw new Error("no open container");
    if (frame.kind === "array") {
      frame.value.push(item);
      if (this.#skip(COMMA)) return EXPECT_VALUE;
      if (!this.#skip(CLOSE_ARRAY)) return this.#scanner.refuse("json_syntax", "expected a comma or the array's end");
    } else {
      frame.value[frame.key] = item;
      if (this.#skip(COMMA)) return this.#key(frame);
      if (!this.#skip(CLOSE_OBJECT)) return this.#scanner.refuse("json_syntax", "expected a comma or the object's end");
    }
    this.#open.pop();
    return frame.value;
  }

  /** Reads a key and its colon. Keys are compared after their escapes are resolved. */
  #key(frame: Frame & { readonly kind: "object" }): Step {
    const quoted = this.#scanner.peek() === QUOTE;
    const at = this.#scanner.at;
    const key = quoted ? this.#scanner.string() : this.#scanner.refuse("json_syntax", "expected a key");
    if (key === undefined) {
      this.#keyless = true;
      return undefined;
    }
    frame.key = key;
    if (key in frame.value) return this.#scanner.refuse("json_duplicate_key", "the same key twice", at);
    if (!this.#skip(COLON)) return this.#scanner.refuse("json_syntax", "expected a colon");
    return EXPECT_VALUE;
  }

  #skip(unit: number): boolean {
    if (this.#scanner.peek() !== unit) return false;
    this.#scanner.at += 1;
    return true;
  }
}

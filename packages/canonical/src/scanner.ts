import { loneSurrogateAt } from "./json.js";

/** Codes with which JSON text is refused. */
export type JsonCode =
  | "json_syntax"
  | "json_duplicate_key"
  | "json_lone_surrogate"
  | "json_invalid_utf8"
  | "json_unsafe_integer"
  | "json_non_finite"
  | "json_too_deep"
  | "json_too_large";

/** Why and where the text was refused; `at` counts UTF-16 units. Never holds a piece of the text. */
export interface Refusal {
  readonly code: JsonCode;
  readonly at: number;
  readonly reason: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
const SIMPLE_ESCAPES = '"\\/bfnrt';
const FOUR_HEX = /^[0-9a-fA-F]{4}$/;

/** Lexical half of the reader: the scalars of RFC 8259 and the white space between tokens. */
export class Scanner {
  readonly text: string;
  /** Position of the next unread UTF-16 unit. */
  at = 0;
  /** Set by the first refusal; everything returns undefined from then on. */
  refusal: Refusal | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** Notes the first refusal. Returns undefined so that callers can hand it on. */
  refuse(code: JsonCode, reason: string, at = this.at): undefined {
    this.refusal ??= { code, at, reason };
    return undefined;
  }

  /** Skips white space and returns the code of the next character, NaN at the end. */
  peek(): number {
    for (;;) {
      const unit = this.text.charCodeAt(this.at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return unit;
      this.at += 1;
    }
  }

  /** Reads a string, number, true, false or null that starts at the next character. */
  scalar(): null | boolean | number | string | undefined {
    const unit = this.peek();
    if (unit === QUOTE) return this.string();
    if (unit === MINUS || isDigit(unit)) return this.number();
    if (this.word("true")) return true;
    if (this.word("false")) return false;
    if (this.word("null")) return null;
    return this.refuse("json_syntax", "expected a value");
  }

  /** Reads a string whose opening quote is the next character. */
  string(): string | undefined {
    const start = this.at;
    let end = start + 1;
    let escaped = false;
    for (;;) {
      const unit = this.text.charCodeAt(end);
      if (unit === QUOTE) break;
      if (unit === BACKSLASH) {
        const length = this.#escapeLength(end);
        if (length === 0) return this.refuse("json_syntax", "unknown escape", end);
        escaped = true;
        end += length;
      } else if (unit >= 0x20) {
        end += 1;
      } else {
        // A control character, or NaN: the text has ended.
        return this.refuse("json_syntax", "unfinished string or raw control character", end);
      }
    }
    this.at = end + 1;
    if (!escaped) return this.text.slice(start + 1, end);
    // The token is known to be well-formed: the platform's parser only resolves its escapes.
    const value: string = JSON.parse(this.text.slice(start, end + 1));
    if (loneSurrogateAt(value) >= 0) return this.refuse("json_lone_surrogate", "half a surrogate pair", start);
    return value;
  }

  /**
   * Reads a number. Everything beyond +-(2^53 - 1) is refused whatever its spelling, since doubles there are integers
   * that stand for several texts. Minus zero becomes zero, as RFC 8785 writes it.
   */
  number(): number | undefined {
    const start = this.at;
    if (this.text.charCodeAt(this.at) === MINUS) this.at += 1;
    if (this.text.charCodeAt(this.at) === ZERO) this.at += 1;
    else if (!this.#digits()) return this.refuse("json_syntax", "expected a digit");
    if (this.text[this.at] === ".") {
      this.at += 1;
      if (!this.#digits()) return this.refuse("json_syntax", "expected a digit");
    }
    if (this.text[this.at] === "e" || this.text[this.at] === "E") {
      this.at += 1;
      if (this.text[this.at] === "+" || this.text[this.at] === "-") this.at += 1;
      if (!this.#digits()) return this.refuse("json_syntax", "expected a digit");
    }
    const value = Number(this.text.slice(start, this.at));
    if (!Number.isFinite(value)) return this.refuse("json_non_finite", "number out of range", start);
    if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return this.refuse("json_unsafe_integer", "unsafe integer", start);
    return value === 0 ? 0 : value;
  }

  /** Length of the escape at `at`, 0 when it is none of RFC 8259. */
  #escapeLength(at: number): number {
    const kind = this.text.charAt(at + 1);
    if (kind === "u") return FOUR_HEX.test(this.text.slice(at + 2, at + 6)) ? 6 : 0;
    return kind !== "" && SIMPLE_ESCAPES.includes(kind) ? 2 : 0;
  }

  /** Skips digits; false when there are none. */
  #digits(): boolean {
    const start = this.at;
    while (isDigit(this.text.charCodeAt(this.at))) this.at += 1;
    return this.at > start;
  }

  /** Skips `word` when it comes next. What follows it is the caller's to check. */
  word(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }
}

function isDigit(unit: number): boolean {
  return unit >= ZERO && unit <= 0x39;
}

import Type, { type TSchema } from "typebox";
import type { Fact, FactType, FactValue } from "./fact.js";

const LINE = "^[^\\u0000-\\u001f\\u007f]*$";
const IS_LINE = new RegExp(LINE);
const MAX_NAMES = 8;

const line = (maxLength: number) => Type.String({ maxLength, pattern: LINE });
const isLine = (value: unknown, maxLength: number): boolean =>
  typeof value === "string" && value.length <= maxLength && IS_LINE.test(value);

/** Schema of a fact's value. */
export function factSchema(type: FactType): TSchema {
  switch (type.kind) {
    case "flag":
      return Type.Boolean();
    case "integer":
      return Type.Integer({ minimum: type.minimum, maximum: type.maximum });
    case "word":
      return Type.Union(type.words.map((word) => Type.Literal(word)));
    case "text":
      return Type.Union([line(type.maxLength), Type.Null()]);
    case "names":
      return Type.Union([line(type.maxLength), Type.Array(line(type.maxLength), { maxItems: MAX_NAMES }), Type.Null()]);
  }
}

/** Is this a value of the type? Text of a provider is checked like text from anywhere else. */
export function isOfType(type: FactType, value: unknown): value is FactValue {
  switch (type.kind) {
    case "flag":
      return typeof value === "boolean";
    case "integer":
      return typeof value === "number" && Number.isInteger(value) && value >= type.minimum && value <= type.maximum;
    case "word":
      return typeof value === "string" && type.words.includes(value);
    case "text":
      return value === null || isLine(value, type.maxLength);
    case "names":
      if (!Array.isArray(value)) return value === null || isLine(value, type.maxLength);
      return value.length <= MAX_NAMES && value.every((text) => isLine(text, type.maxLength));
  }
}

/** Is a value worse than another one, by the fact's own direction? A value that is not of the fact's type is worse than any that is. */
export function isWorseValue({ type, worse }: Fact, value: FactValue, than: FactValue): boolean {
  if (!isOfType(type, value)) return true;
  switch (worse) {
    case "true":
      return value === true && than !== true;
    case "false":
      return value === false && than !== false;
    case "more":
      return Number(value) > Number(than);
    case "less":
      return type.kind === "word"
        ? type.words.indexOf(String(value)) < type.words.indexOf(String(than))
        : Number(value) < Number(than);
    case "other":
      return !isSame(value, than);
  }
}

const isSame = (a: FactValue, b: FactValue): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * What counts when several sources spoke of one fact: the worst that was said. Nothing said, a value that is not of the fact's type, and
 * texts that differ are absent.
 */
export function worstOf(fact: Fact, said: readonly unknown[]): FactValue {
  const values = said.filter((value) => isOfType(fact.type, value));
  const [first, ...others] = values;
  if (first === undefined || values.length !== said.length) return fact.absent;
  if (fact.worse === "other") return others.every((value) => isSame(value, first)) ? first : fact.absent;
  return others.reduce((worst, value) => (isWorseValue(fact, value, worst) ? value : worst), first);
}

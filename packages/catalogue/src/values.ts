import type { BoundBy, ParameterDefinition } from "@seb/schema";

const CONTROL = /\p{Cc}/u;

/** True for text that has one spelling: NFC, no control characters, at most `maxLength` UTF-16 units. */
export function isPlainText(value: unknown, maxLength: number): value is string {
  return (
    typeof value === "string" && value.length <= maxLength && !CONTROL.test(value) && value.normalize("NFC") === value
  );
}

/** True when a value has the parameter's exact type and lies within its definition. */
export function fitsParameter(definition: ParameterDefinition, value: unknown): value is string | number | boolean {
  switch (definition.type) {
    case "string":
      return isPlainText(value, definition.max_length) && new RegExp(definition.pattern, "u").test(value);
    case "integer":
      return (
        typeof value === "number" &&
        Number.isSafeInteger(value) &&
        value >= definition.minimum &&
        value <= definition.maximum
      );
    case "enum":
      return typeof value === "string" && definition.values.includes(value);
    case "boolean":
      return typeof value === "boolean";
  }
}

/** True when a scope value is a bound of this kind and does not exceed the parameter's definition. */
export function fitsBound(definition: ParameterDefinition, by: BoundBy, bound: unknown): boolean {
  switch (by) {
    case "equals":
      return fitsParameter(definition, bound);
    case "at_most":
    case "at_least":
      return definition.type === "integer" && fitsParameter(definition, bound);
    case "one_of":
    case "subset":
      return (
        Array.isArray(bound) &&
        bound.length > 0 &&
        new Set(bound).size === bound.length &&
        bound.every((item) => typeof item === "string" && fitsParameter(definition, item))
      );
    case "prefix":
      return definition.type === "string" && isPlainText(bound, definition.max_length) && bound.length > 0;
  }
}

/** True when a value lies within a bound. Strings are compared by code units. */
export function isWithin(by: BoundBy, bound: unknown, value: unknown): boolean {
  switch (by) {
    case "equals":
      return value === bound;
    case "at_most":
      return typeof value === "number" && typeof bound === "number" && value <= bound;
    case "at_least":
      return typeof value === "number" && typeof bound === "number" && value >= bound;
    case "one_of":
    case "subset":
      return typeof value === "string" && Array.isArray(bound) && bound.includes(value);
    case "prefix":
      return typeof value === "string" && typeof bound === "string" && bound.length > 0 && value.startsWith(bound);
  }
}

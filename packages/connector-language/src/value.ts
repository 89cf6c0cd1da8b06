import type { ActionDefinition } from "@seb/schema";
import { isObject } from "./mistakes.js";

/** What an operation may write at a pointer. */
export type ScalarValue = string | number | boolean;

/** How an operation is read: as a template, or with every parameter filled in. */
export type ReadKind = "template" | "filled";

/** Definitions of an action's parameters, by name. */
export type ParameterDefinitions = ActionDefinition["parameters"];

/** A value of an operation. */
export interface Value {
  /** Undefined as long as a parameter is open. */
  readonly value: ScalarValue | undefined;
  /** Undefined where a parameter decides, and its definition is not at hand. */
  readonly type: "text" | "integer" | "boolean" | undefined;
}

/** Longest text that an operation may write, in UTF-16 units. */
export const MAX_TEXT = 1000;

const NAME = "[a-z][a-z0-9_]{0,39}";
const OPEN = new RegExp(`^${NAME}$`);
const VARIABLE = new RegExp(`\\{\\{parameters\\.(${NAME})\\}\\}`, "g");
const WHOLE = new RegExp(`^\\{\\{parameters\\.(${NAME})\\}\\}$`);
const TEXT = /^[^\p{Cc}\p{Surrogate}]*$/u;

/** True for text that takes something from a parameter. */
export function usesParameter(value: unknown): boolean {
  return typeof value === "string" && value.includes("{{parameters.");
}

/**
 * Reads a value that an operation writes: text on one line of at most {@link MAX_TEXT} units (with the longest values of the parameters in
 * it), a safe integer, a boolean, or in a template `{"$open": "<parameter>"}`.
 *
 * @returns the value, or a text that says what may stand there.
 */
export function readValue(value: unknown, kind: ReadKind, parameters: ParameterDefinitions = {}): Value | string {
  if (isObject(value)) {
    const { $open: name, ...others } = value;
    const isOpen = typeof name === "string" && OPEN.test(name) && Object.keys(others).length === 0;
    if (!isOpen) return 'text, an integer, true or false, or {"$open": <parameter>}';
    return kind === "template" ? { value: undefined, type: typeOf(name, parameters) } : "no open parameter any more";
  }
  if (typeof value === "boolean") return { value, type: "boolean" };
  if (typeof value === "number")
    return Number.isSafeInteger(value) ? { value, type: "integer" } : "an integer of at most 2^53 - 1";
  if (typeof value !== "string") return 'text, an integer, true or false, or {"$open": <parameter>}';
  if (!TEXT.test(value)) return "text on one line without control characters";
  if (longest(value, parameters) > MAX_TEXT) return `text of at most ${MAX_TEXT} characters with its parameters`;
  const whole = WHOLE.exec(value)?.[1];
  return { value, type: whole === undefined ? "text" : typeOf(whole, parameters) };
}

function definitionOf(name: string, parameters: ParameterDefinitions) {
  return Object.hasOwn(parameters, name) ? parameters[name] : undefined;
}

function typeOf(name: string, parameters: ParameterDefinitions): Value["type"] {
  const definition = definitionOf(name, parameters);
  if (definition?.type === "string" || definition?.type === "enum") return "text";
  return definition?.type;
}

function longest(text: string, parameters: ParameterDefinitions): number {
  let length = text.length;
  for (const [variable, name] of text.matchAll(VARIABLE)) {
    const definition = definitionOf(name ?? "", parameters);
    if (definition === undefined) continue;
    length += lengthOf(definition) - variable.length;
  }
  return length;
}

function lengthOf(definition: ParameterDefinitions[string]): number {
  switch (definition.type) {
    case "string":
      return definition.max_length;
    case "integer":
      return Math.max(String(definition.minimum).length, String(definition.maximum).length);
    case "enum":
      return Math.max(...definition.values.map((value) => value.length));
    case "boolean":
      return "false".length;
  }
}

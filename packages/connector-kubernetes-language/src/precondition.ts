import { isBase32Id } from "@seb/canonical";
import { mistakeAt, pointerOf, type Read, readOr } from "@seb/connector-language";
import type { Contract, Mistake } from "@seb/schema";
import type { KubernetesOperation } from "./operation.js";
import { isInContainer, isPointer } from "./pointer.js";

export const UID_KEY = "uid";
export const MARKER_KEY = "marker";
export const VERSION_KEY = "version";
export const CONTAINER_PREFIX = "container:";
export const FIELD_PREFIX = "field:";

/** Most conditions of a precondition. */
export const MAX_CONDITIONS = 32;

/** What of an object is certified. */
export interface Certified {
  readonly container: string | undefined;
  readonly pointers: readonly string[];
  readonly matchVersion: boolean;
}

const AT = "/precondition";
const WORD = /^[!-~]{1,180}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const INDEX = /^(?:0|[1-9][0-9]{0,8})$/;

/** A uid or a version of an object, as the API writes them. */
export const isWord = (value: unknown): value is string => typeof value === "string" && WORD.test(value);

/** What an operation and its live fields certify: fields that are written or looked at, each once. */
export function certifiedOf(operation: KubernetesOperation, looked: Iterable<string>): Certified {
  const written = operation.verb === "patch" ? operation.set.keys() : [];
  return {
    container: operation.container,
    pointers: [...new Set([...written, ...looked])],
    matchVersion: operation.verb === "delete" && operation.matchVersion,
  };
}

/** The conditions that a precondition of this has, by key; how a right value is told, and what it is called. */
export function conditionsOf({ container, pointers, matchVersion }: Certified): ReadonlyMap<string, Condition> {
  const conditions = new Map<string, Condition>([
    [UID_KEY, A_WORD],
    [MARKER_KEY, A_MARKER],
  ]);
  if (matchVersion) conditions.set(VERSION_KEY, A_WORD);
  for (const pointer of pointers) {
    conditions.set(`${FIELD_PREFIX}${pointer}`, A_DIGEST);
    if (container !== undefined && isInContainer(pointer)) conditions.set(`${CONTAINER_PREFIX}${container}`, AN_INDEX);
  }
  return conditions;
}

interface Condition {
  readonly isRight: (value: string) => boolean;
  readonly expected: string;
}
const A_WORD: Condition = { isRight: isWord, expected: "a uid or version of printable ASCII" };
const A_DIGEST: Condition = { isRight: (value) => DIGEST.test(value), expected: "a digest" };
const AN_INDEX: Condition = { isRight: (value) => INDEX.test(value), expected: "the container's position" };
const A_MARKER: Condition = {
  isRight: (value) => value === "none" || isBase32Id("c_", value) || DIGEST.test(value),
  expected: "none, a certificate's id or a digest",
};

/** Mistakes of a precondition: it holds exactly the conditions of what is certified. */
export function wrongConditions(certified: Certified, precondition: Contract["precondition"]): readonly Mistake[] {
  const conditions = conditionsOf(certified);
  const mistakes: Mistake[] = [];
  for (const [key, value] of Object.entries(precondition)) {
    const condition = conditions.get(key);
    const field = `${AT}${pointerOf([key])}`;
    if (condition === undefined)
      mistakes.push(mistakeAt(field, key, "only conditions of what is written or looked at"));
    else if (!condition.isRight(value)) mistakes.push(mistakeAt(field, value, condition.expected));
  }
  for (const key of conditions.keys())
    if (!Object.hasOwn(precondition, key)) mistakes.push(mistakeAt(AT, undefined, key));
  return mistakes;
}

/**
 * Reads what a precondition certifies, for this very operation: every field that is written is among the certified ones, which are as many
 * as the precondition says.
 */
export function readCertified(operation: KubernetesOperation, precondition: Contract["precondition"]): Read<Certified> {
  const looked = Object.keys(precondition).flatMap((key) => {
    const pointer = key.startsWith(FIELD_PREFIX) ? key.slice(FIELD_PREFIX.length) : "";
    return isPointer(pointer) ? [pointer] : [];
  });
  const certified = certifiedOf(operation, looked);
  return readOr(wrongConditions(certified, precondition), () => certified);
}

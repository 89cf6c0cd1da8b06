import { type PolicyJson, policySetTextToParts, policyToJson } from "@cedar-policy/cedar-wasm/nodejs";
import type { PolicyFile } from "@seb/catalogue";
import type { Mistake } from "@seb/schema";
import { syntaxMistakes } from "./cedar-mistakes.js";
import { inOrder, placeOf, withoutComments } from "./place.js";

/** One policy and where it stands. */
export interface PolicySource {
  readonly file: string;
  /** The whole file. */
  readonly fileText: string;
  /** Byte offset of the policy in its file. */
  readonly start: number;
  /** The policy as written. */
  readonly text: string;
  readonly json: PolicyJson;
}

/** Splits the policy files into policies. Templates are mistakes: nothing here would link them. */
export function readPolicies(files: readonly PolicyFile[]): {
  readonly policies: readonly PolicySource[];
  readonly mistakes: readonly Mistake[];
} {
  const read = files.map(readFile);
  return {
    policies: read.flatMap(({ policies }) => policies),
    mistakes: inOrder(read.flatMap(({ mistakes }) => mistakes)),
  };
}

function readFile({ file, text }: PolicyFile): { policies: PolicySource[]; mistakes: Mistake[] } {
  const parts = policySetTextToParts(text);
  if (parts.type === "failure") return { policies: [], mistakes: syntaxMistakes(file, text, parts.errors) };
  const find = finder(text);
  const mistakes: Mistake[] = parts.policy_templates.map((template) => {
    const place = placeOf(text, find(template));
    return { file, ...place, found: "a template", expected: "a policy without `?principal` and `?resource`" };
  });
  const policies: PolicySource[] = [];
  for (const part of parts.policies) {
    const read = policyToJson(part);
    const start = find(part);
    if (read.type === "failure") mistakes.push(...syntaxMistakes(file, text, read.errors, start));
    else policies.push({ file, fileText: text, start, text: part, json: read.json });
  }
  return { policies, mistakes };
}

/** Finds the parts of a text again, each at a place of its own and outside of comments. */
function finder(text: string): (part: string) => number {
  const code = withoutComments(text);
  const taken = new Set<number>();
  return (part) => {
    let at = text.indexOf(part);
    while (at >= 0 && (taken.has(at) || code[at] !== text[at])) at = text.indexOf(part, at + 1);
    if (at >= 0) taken.add(at);
    return Buffer.byteLength(text.slice(0, Math.max(0, at)), "utf8");
  };
}

/** Place of an offset within a policy, in its file. */
export const placeIn = ({ fileText, start }: PolicySource, offset = 0) => placeOf(fileText, start + offset);

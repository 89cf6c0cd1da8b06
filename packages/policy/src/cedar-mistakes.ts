import type { DetailedError } from "@cedar-policy/cedar-wasm/nodejs";
import { type Mistake, nearest, printable } from "@seb/schema";
import { placeOf, shownAt } from "./place.js";

const MAX_MESSAGE = 200;
const NEAR = /did you mean `([^`]{1,100})`\?/;
const plain = (text: string) => printable(text, MAX_MESSAGE).replaceAll("\\u{60}", "`");

/** What may stand in the place of something that Cedar's parser or validator does not take. */
const EXPECTED: readonly (readonly [RegExp, (match: RegExpExecArray) => string])[] = [
  [/^attribute `[^`]*` in context .* not found/, () => "a fact of the context: docs/facts.md lists them"],
  [/^attribute `[^`]*` .* not found/, () => "an attribute that is always there: `owner`, and of a service `tier`"],
  [
    /^unexpected type: expected (.+) but saw (.+)/,
    ([, wanted = "", saw = ""]) => `a value of type ${plain(wanted)}, not ${plain(saw)}`,
  ],
  [/^the types (.+) are not compatible/, ([, types = ""]) => `values of one type: ${plain(types)} are compared here`],
  [/^unrecognized entity type/, () => "one of the types Agent, Service, Team and Action"],
  [/^invalid variable/, () => "`principal`, `action`, `resource` or `context`, or a text in quotes"],
  [/^duplicate annotation/, () => "each annotation once"],
];

/** Turns errors of Cedar into mistakes with their places. `start` is the byte offset in the file from which the errors count. */
export function syntaxMistakes(file: string, text: string, errors: readonly DetailedError[], start = 0): Mistake[] {
  return errors.flatMap((error) => [
    mistakeOf(file, text, error, start),
    ...syntaxMistakes(file, text, error.related ?? [], start),
  ]);
}

/** One error of Cedar as a mistake. */
export function mistakeOf(
  file: string,
  text: string,
  { message, help, sourceLocations }: DetailedError,
  start = 0,
): Mistake {
  const said = message.replace(/^for policy `[^`]*`, /, "");
  const [at] = sourceLocations ?? [];
  const place = at === undefined ? undefined : placeOf(text, start + at.start);
  const found = at === undefined ? "this" : shownAt(text, { start: start + at.start, end: start + at.end });
  const near = NEAR.exec(help ?? "")?.[1];
  const label = /^expected (.+)$/s.exec(at?.label ?? "")?.[1];
  return {
    file,
    ...place,
    found,
    expected: label === undefined ? expectedOf(said) : plain(label),
    ...(near === undefined ? {} : { near: [near] }),
  };
}

function expectedOf(said: string): string {
  for (const [pattern, text] of EXPECTED) {
    const match = pattern.exec(said);
    if (match !== null) return text(match);
  }
  return `what Cedar admits there (${plain(said)})`;
}

/** Near names, as a member of a mistake. */
export function nearOf(name: string, known: Iterable<string>, as: (name: string) => string = (it) => it) {
  const near = nearest(name, known).map(as);
  return near.length === 0 ? {} : { near };
}

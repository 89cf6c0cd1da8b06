import { jwkThumbprint } from "@seb/canonical";
import { shown, type ValueMistake } from "@seb/schema";
import type { Draft } from "./draft.js";
import { type FileMistake, inFile, listMistakes } from "./names.js";
import { isWeakThumbprint } from "./weak-keys.js";

/** 2020-01-01: an earlier time is a date written as a number, or no time at all. */
const LEAST_SECONDS = 1_577_836_800;

/** A time that is not one: nothing that these files speak of lies before 2020. */
export function* timeMistakes(field: string, seconds: number): Generator<ValueMistake> {
  if (seconds >= LEAST_SECONDS) return;
  yield { field, found: String(seconds), expected: "seconds since 1970, e.g. 1893456000 for 2030-01-01T00:00:00Z" };
}

/** Mistakes of agents, people and roots, and keys that two of them hold. */
export function* holderMistakes(draft: Draft): Generator<FileMistake> {
  const { agents, people, roots, names } = draft;
  for (const [subject, agent] of agents) {
    const file = agentFile(subject);
    yield* inFile(file, listMistakes("/actions", agent.actions, names.actions, "an action"));
    yield* inFile(file, timeMistakes("/expires", agent.expires));
  }
  for (const [name, person] of people) {
    const file = `people/${name}.yaml`;
    yield* inFile(file, listMistakes("/agents", person.agents, names.agents, "an agent"));
    yield* inFile(file, listMistakes("/groups", person.groups, undefined, "a group"));
  }
  for (const [name, root] of roots) {
    const file = `roots/${name}.yaml`;
    yield* inFile(file, listMistakes("/predicate_types", root.predicate_types, undefined, "a predicate type"));
    yield* inFile(file, timeMistakes("/expires", root.expires));
  }
  yield* keyMistakes(draft);
}

const agentFile = (subject: string): string => `agents/${subject.slice("agent:".length)}.yaml`;

interface Held {
  readonly file: string;
  readonly field: string;
  readonly thumbprint: string;
}

/** One key has one holder: an agent that could also attest or approve would vouch for itself. */
function* keyMistakes({ agents, people, roots }: Draft): Generator<FileMistake> {
  const held: Held[] = [];
  for (const [subject, { keys }] of agents)
    for (const [index, thumbprint] of keys.entries())
      held.push({ file: agentFile(subject), field: `/keys/${index}`, thumbprint });
  for (const [name, { keys }] of people) {
    const file = `people/${name}.yaml`;
    for (const [index, { kid, jwk }] of keys.entries()) {
      const thumbprint = jwkThumbprint(jwk);
      if (thumbprint !== kid)
        yield {
          file,
          field: `/keys/${index}/kid`,
          found: "the thumbprint of another key",
          expected: `the key's thumbprint \`${thumbprint}\``,
        };
      held.push({ file, field: `/keys/${index}`, thumbprint });
    }
  }
  for (const [name, { jwk }] of roots)
    held.push({ file: `roots/${name}.yaml`, field: "/jwk", thumbprint: jwkThumbprint(jwk) });
  for (const { file, field, thumbprint } of held)
    if (isWeakThumbprint(thumbprint))
      yield {
        file,
        field,
        found: `the thumbprint \`${thumbprint}\` of an Ed25519 key of small order, for which anyone can sign`,
        expected: "the thumbprint of a key that was generated",
      };
  yield* repeatedKeys(held);
  const keyIds = new Map<string, string>();
  for (const [name, { keyid }] of roots) {
    const other = keyIds.get(keyid);
    if (other !== undefined)
      yield {
        file: `roots/${name}.yaml`,
        field: "/keyid",
        found: `the keyid of root ${shown(other)}`,
        expected: "a keyid of its own",
      };
    keyIds.set(keyid, other ?? name);
  }
}

function* repeatedKeys(held: readonly Held[]): Generator<FileMistake> {
  const holders = new Map<string, Held>();
  for (const key of held) {
    const { file, field, thumbprint } = key;
    const other = holders.get(thumbprint);
    if (other === undefined) holders.set(thumbprint, key);
    else
      yield { file, field, found: `the key of ${other.file}, ${other.field}`, expected: "a key that only one holds" };
  }
}

import { createHash } from "node:crypto";
import type { Effect } from "../transitions.js";

/** One line of the journal: an effect and its place in the store's history, from 1. */
export interface Entry {
  readonly n: number;
  readonly effect: Effect;
}

const checksum = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** `<checksum> <json>\n`. The checksum finds damage; it is no defence against somebody who can write to the folder. */
export function toLine(entry: Entry): string {
  const json = JSON.stringify(entry);
  return `${checksum(json)} ${json}\n`;
}

/** The text behind a valid checksum, or undefined. */
export function checkedText(line: string): string | undefined {
  const text = line.slice(17);
  return line[16] === " " && line.slice(0, 16) === checksum(text) ? text : undefined;
}

/** `text` as a checked line of its own. */
export function checkedLine(text: string): string {
  return `${checksum(text)} ${text}\n`;
}

/** Reads a journal: whole lines only, each with its checksum, numbered without a gap. Returns undefined for anything else. */
export function readEntries(text: string): readonly Entry[] | undefined {
  const entries: Entry[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    const json = checkedText(line);
    if (json === undefined) return undefined;
    const entry = JSON.parse(json) as Entry;
    const last = entries.at(-1);
    if (last !== undefined && entry.n !== last.n + 1) return undefined;
    entries.push(entry);
  }
  return entries;
}

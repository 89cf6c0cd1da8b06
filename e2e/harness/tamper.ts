/** Numbers from a seed, so that a failure can be repeated (mulberry32). */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** A chain's file after somebody changed it. */
export interface Tampered {
  readonly what: string;
  readonly text: string;
  /** Complete lines of `text`. */
  readonly lines: readonly string[];
  /** First line (from 1) that differs from the original; the line behind the last one when only the end is missing. */
  readonly line: number;
  /** Only the end is missing: what is left stands as it was written. */
  readonly cut: boolean;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

type Change = (lines: string[], random: (below: number) => number, others: readonly string[]) => string[];

const pick = <T>(from: readonly T[], random: (below: number) => number): T => from[random(from.length)] as T;

function editByte(lines: string[], random: (below: number) => number): string[] {
  const at = random(lines.length);
  const line = lines[at] ?? "";
  const place = random(line.length);
  const next = ALPHABET[(ALPHABET.indexOf(line[place] ?? "") + 1 + random(ALPHABET.length - 1)) % ALPHABET.length];
  return lines.with(at, line.slice(0, place) + next + line.slice(place + 1));
}

/** Rewrites a member of a record and leaves the signature as it was. */
function editClaim(lines: string[], random: (below: number) => number): string[] {
  const at = random(lines.length);
  const [header, payload = "", signature] = (lines[at] ?? "").split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  const change = pick(
    [
      { at_ms: claims.at_ms - 3_600_000 },
      { kind: "outcome" },
      { body: { ...claims.body, subject: "agent:somebody-else" } },
      { seq: claims.seq + 1 },
    ],
    random,
  );
  const text = JSON.stringify({ ...claims, ...change });
  return lines.with(at, `${header}.${Buffer.from(text).toString("base64url")}.${signature}`);
}

function deleteRun(lines: string[], random: (below: number) => number): string[] {
  return lines.toSpliced(random(lines.length), 1 + random(3));
}

function swap(lines: string[], random: (below: number) => number): string[] {
  const [a, b] = [random(lines.length), random(lines.length)];
  return lines.with(a, lines[b] ?? "").with(b, lines[a] ?? "");
}

const repeat: Change = (lines, random) => lines.toSpliced(random(lines.length + 1), 0, pick(lines, random));
const insertForeign: Change = (lines, random, others) =>
  lines.toSpliced(random(lines.length + 1), 0, pick(others, random));
const replaceByForeign: Change = (lines, random, others) => lines.with(random(lines.length), pick(others, random));
const insertEmpty: Change = (lines, random) => lines.toSpliced(random(lines.length), 0, "");
const cut: Change = (lines, random) => lines.slice(0, random(lines.length));

const CHANGES: readonly (readonly [string, Change])[] = [
  ["edited byte", editByte],
  ["edited claim", editClaim],
  ["deleted lines", deleteRun],
  ["swapped lines", swap],
  ["repeated line", repeat],
  ["inserted line of another chain", insertForeign],
  ["line replaced by another chain's", replaceByForeign],
  ["inserted empty line", insertEmpty],
  ["cut", cut],
  ["cut within a line", cut],
];

/** Changes a chain at random. Undefined when the change happened to change nothing. */
export function tamper(
  original: readonly string[],
  random: (below: number) => number,
  others: readonly string[],
): Tampered | undefined {
  const [what, change] = pick(CHANGES, random);
  const lines = change([...original], random, others);
  const next = original[lines.length] ?? "";
  const torn = what === "cut within a line" ? next.slice(0, 1 + random(Math.max(1, next.length - 1))) : "";
  const same = lines.findIndex((line, at) => line !== original[at]);
  const isCut = same === -1 && lines.length < original.length;
  if (same === -1 && !isCut) return undefined;
  return {
    what,
    text: lines.map((line) => `${line}\n`).join("") + torn,
    lines,
    line: (same === -1 ? lines.length : same) + 1,
    cut: isCut,
  };
}

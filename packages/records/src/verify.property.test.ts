import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { finishing, numbered } from "./contract/bodies.js";
import { collect, type FilePlace, filePlace, openedChain } from "./contract/file-place.js";
import { makeRecordKeys, type RecordKeys } from "./contract/record-keys.js";
import { createFileSink } from "./embedded/file-sink.js";
import type { Head, HeadStore } from "./port.js";
import { verifyChains } from "./verify.js";
import { type LineVerifier, lineVerifier } from "./walk.js";

const writer = "broker-1";
const other = "signer-1";

let keys: RecordKeys;
let place: FilePlace;
let original: Buffer;
/** Lines that are good records, but not of this chain: of another writer, and of a history that took another turn. */
let foreign: string[];
let heads: Head[];
let verifyLine: LineVerifier;

/** Three closed boots of 20 records. Heads are copied now and then. */
async function build(place: FilePlace): Promise<void> {
  for (const boot of [1, 2, 3]) {
    const sink = place.sink();
    const store = place.heads();
    const chain = await openedChain(keys, { sink, writer, heads: store });
    for (let number = 0; number < 18; number += 1) {
      await (number % 3 === 0 ? chain.append(...numbered(number)) : chain.append(...finishing(boot * 100 + number)));
      if (number % 7 === 0) await store.put(chain.head());
    }
    await chain.close();
    await sink.close();
    await store.close();
    if (boot === 2) await copyFile(place.file(writer), join(place.folder, "fork"));
  }
}

async function fork(place: FilePlace): Promise<string[]> {
  const folder = join(place.folder, "forked");
  await mkdir(folder);
  await copyFile(join(place.folder, "fork"), join(folder, `${writer}.jsonl`));
  const sink = createFileSink({ folder });
  for (const name of [writer, other]) {
    const chain = await openedChain(keys, { sink, writer: name });
    for (let number = 0; number < 10; number += 1) await chain.append(...numbered(100 + number));
    await chain.close();
  }
  const lines = [...(await collect(sink.read(writer))).slice(41), ...(await collect(sink.read(other)))];
  await sink.close();
  return lines;
}

beforeAll(async () => {
  keys = await makeRecordKeys([writer, other]);
  place = await filePlace();
  await build(place);
  original = await readFile(place.file(writer));
  foreign = await fork(place);
  const store = place.heads();
  heads = await collect(store.all());
  await store.close();
  const known = new Map<string, ReturnType<LineVerifier>>();
  const verify = lineVerifier(keys.trust);
  verifyLine = (line) => {
    const verified = known.get(line) ?? verify(line);
    known.set(line, verified);
    return verified;
  };
});
afterAll(() => place.remove());

function linesOf(bytes: Buffer): { lines: string[]; torn: number } {
  const parts = bytes.toString("latin1").split("\n");
  return { lines: parts.slice(0, -1), torn: parts.at(-1)?.length ?? 0 };
}

const ofLines = (lines: readonly string[]) => Buffer.from(lines.map((line) => `${line}\n`).join(""), "latin1");
const splice = (bytes: Buffer, at: number, remove: number, insert: Uint8Array) =>
  Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);

type Mutation = (bytes: Buffer) => Buffer;
const index = fc.nat({ max: 1_000_000 });
const onLines =
  (change: (lines: string[]) => string[]): Mutation =>
  (bytes) =>
    ofLines(change(linesOf(bytes).lines));

/** One change by somebody who can write the file: single bytes, whole lines, lines of elsewhere, cuts. */
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(index, fc.integer({ min: 1, max: 255 })).map(
    ([at, flip]): Mutation =>
      (bytes) => {
        const place = at % bytes.length;
        return splice(bytes, place, 1, Uint8Array.of((bytes[place] ?? 0) ^ flip));
      },
  ),
  fc.tuple(index, fc.constantFrom(..."ABCDwxyz0189-_.=\n\r ")).map(
    ([at, text]): Mutation =>
      (bytes) =>
        splice(bytes, at % bytes.length, 1, Buffer.from(text)),
  ),
  fc.tuple(index, fc.integer({ min: 1, max: 1500 })).map(
    ([at, count]): Mutation =>
      (bytes) =>
        splice(bytes, at % bytes.length, count, new Uint8Array()),
  ),
  fc.tuple(index, fc.uint8Array({ minLength: 1, maxLength: 40 })).map(
    ([at, bytes]): Mutation =>
      (all) =>
        splice(all, at % (all.length + 1), 0, bytes),
  ),
  fc
    .tuple(index, index)
    .map(([from, count]) => onLines((lines) => lines.toSpliced(from % lines.length, 1 + (count % 5)))),
  fc.tuple(index, index).map(([a, b]) =>
    onLines((lines) => {
      const [one, two] = [a % lines.length, b % lines.length];
      return lines.with(one, lines[two] ?? "").with(two, lines[one] ?? "");
    }),
  ),
  fc
    .tuple(index, index)
    .map(([from, to]) =>
      onLines((lines) => lines.toSpliced(to % (lines.length + 1), 0, lines[from % lines.length] ?? "")),
    ),
  fc
    .tuple(index, index, fc.boolean())
    .map(([from, to, replace]) =>
      onLines((lines) =>
        lines.toSpliced(to % (lines.length + 1), replace ? 1 : 0, foreign[from % foreign.length] ?? ""),
      ),
    ),
  // The whole end exchanged for the other turn of history, which has the same keys.
  fc.constant(onLines((lines) => [...lines.slice(0, 41), ...foreign.slice(0, 12)])),
  index.map(
    (at): Mutation =>
      (bytes) =>
        bytes.subarray(0, at % bytes.length),
  ),
  index.map((at) => onLines((lines) => lines.slice(0, at % lines.length))),
);

interface Expected {
  readonly verdict: string;
  readonly line?: number;
}

/** What must come out, by comparing bytes with bytes. */
function expectedFor(mutated: Buffer, copied: readonly Head[]): Expected {
  const before = linesOf(original).lines;
  const { lines, torn } = linesOf(mutated);
  const differs = lines.findIndex((line, n) => line !== before[n]);
  if (differs >= 0) return { verdict: "broken", line: differs + 1 };
  const lastHead = copied.at(-1)?.seq ?? -1;
  if (lines.length <= lastHead) return { verdict: "broken", line: lines.length + 1 };
  const whole = lines.length === before.length && torn === 0 && lastHead === before.length - 1;
  return { verdict: whole ? "verified" : "tail_not_proved" };
}

const storeOf = (copied: readonly Head[]): Pick<HeadStore, "all"> => ({
  all: async function* () {
    yield* copied;
  },
});

describe("verifyChains", () => {
  it("verifies the chain as it was written", async () => {
    const report = await verifyChains({ sink: place.sink(), heads: storeOf(heads), trust: keys.trust });
    expect(report).toMatchObject({ verdict: "verified", chains: [{ records: 60, problems: [], unclosedBoots: [] }] });
  });

  it("finds each of 1,000 random edits, deletions, exchanges, insertions and cuts at its place", async () => {
    const folder = join(place.folder, "mutated");
    await mkdir(folder);
    const sink = createFileSink({ folder });
    const file = join(folder, `${writer}.jsonl`);
    const verdicts = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(mutation, fc.nat({ max: 1_000_000 }), fc.boolean(), async (change, keep, allHeads) => {
        const mutated = change(original);
        await writeFile(file, mutated);
        const copied = allHeads ? heads : heads.slice(0, 1 + (keep % heads.length));
        const report = await verifyChains({ sink, heads: storeOf(copied), trust: keys.trust, verifyLine });
        const expected = expectedFor(mutated, copied);
        const chain = report.chains[0];
        expect(report.verdict).toBe(expected.verdict);
        if (!mutated.equals(original)) expect(report.verdict).not.toBe("verified");
        if (expected.line !== undefined) expect(chain?.problems[0]?.line).toBe(expected.line);
        verdicts.set(report.verdict, (verdicts.get(report.verdict) ?? 0) + 1);
      }),
      { numRuns: 1000 },
    );
    expect(verdicts.get("broken")).toBeGreaterThan(500);
    expect(verdicts.get("tail_not_proved")).toBeGreaterThan(0);
  }, 60_000);

  it("finds a whole chain missing while its heads are there", async () => {
    const sink = createFileSink({ folder: join(place.folder, "nothing") });
    const report = await verifyChains({ sink, heads: storeOf(heads), trust: keys.trust });
    expect(report.chains).toMatchObject([
      { writer, verdict: "broken", problems: [{ line: 1, seq: 0, what: "head_missing" }] },
    ]);
    expect((await verifyChains({ sink, trust: keys.trust })).verdict).toBe("tail_not_proved");
    const asked = await verifyChains({ sink, trust: keys.trust, writers: [other] });
    expect(asked.chains).toMatchObject([{ writer: other, verdict: "broken", problems: [{ what: "missing" }] }]);
  });

  it("finds a chain under another writer's name, and heads that contradict each other or cannot be read", async () => {
    const folder = join(place.folder, "renamed");
    await mkdir(folder);
    await copyFile(place.file(writer), join(folder, `${other}.jsonl`));
    const renamed = await verifyChains({ sink: createFileSink({ folder }), trust: keys.trust, verifyLine });
    expect(renamed.chains).toMatchObject([{ writer: other, verdict: "broken", records: 0, problemCount: 60 }]);
    expect(renamed.chains[0]?.problems[0]).toMatchObject({ line: 1, what: "wrong_writer" });

    const lying = heads.map((head, n) => (n === 2 ? { ...head, digest: `sha256:${"0".repeat(64)}` } : head));
    const mismatch = await verifyChains({ sink: place.sink(), heads: storeOf(lying), trust: keys.trust, verifyLine });
    expect(mismatch.chains[0]?.problems).toMatchObject([{ what: "head_mismatch", seq: heads[2]?.seq }]);

    const both = await verifyChains({
      sink: place.sink(),
      heads: storeOf([...lying, ...heads]),
      trust: keys.trust,
      verifyLine,
    });
    expect(both.chains[0]?.problems[0]).toMatchObject({ what: "heads_unreadable", seq: heads[2]?.seq });

    const damaged = join(place.folder, "heads", `${writer}.heads.jsonl`);
    await writeFile(damaged, `{"writer":"${writer}"}\n`);
    const unreadable = await verifyChains({ sink: place.sink(), heads: place.heads(), trust: keys.trust, verifyLine });
    expect(unreadable).toMatchObject({ verdict: "broken", chains: [{ problems: [{ what: "heads_unreadable" }] }] });
  });
});

describe("a boot that was never closed", () => {
  let crashed: FilePlace;
  beforeEach(async () => {
    crashed = await filePlace();
  });
  afterEach(() => crashed.remove());

  /** One boot: its boot record, so many refusals, and the `close` record unless it crashes. */
  async function boot(refusals: number, end: "close" | "crash"): Promise<void> {
    const [sink, store] = [crashed.sink(), crashed.heads()];
    const chain = await openedChain(keys, { sink, writer, heads: store, headEveryMs: 3_600_000 });
    for (let number = 0; number < refusals; number += 1) await chain.append(...numbered(number));
    if (end === "close") await chain.close();
    await sink.close();
    await store.close();
  }
  async function reported() {
    const [sink, store] = [crashed.sink(), crashed.heads()];
    const report = await verifyChains({ sink, heads: store, trust: keys.trust });
    await store.close();
    return report;
  }
  async function cutTo(lines: number): Promise<void> {
    const text = await readFile(crashed.file(writer), "latin1");
    await writeFile(crashed.file(writer), ofLines(text.split("\n").slice(0, lines)));
  }

  it("stays unproved, cut or not, however often the chain is closed later", async () => {
    const sound = { verdict: "tail_not_proved", endProved: true, problems: [], problemCount: 0 };
    await boot(3, "crash");
    await boot(1, "close");
    const first = { boot: 1, line: 4, seq: 3 };
    expect((await reported()).chains).toMatchObject([{ ...sound, unclosedBoots: [first], unclosedBootCount: 1 }]);
    await boot(3, "crash");
    // Behind the boot record, whose head was copied: this leaves no trace.
    await cutTo(9);
    await boot(1, "close");
    await boot(1, "close");
    const unclosedBoots = [first, { boot: 3, line: 9, seq: 8 }];
    expect((await reported()).chains).toMatchObject([{ ...sound, unclosedBoots, unclosedBootCount: 2 }]);
  });

  it("is not listed while it is the last one", async () => {
    await boot(1, "close");
    await boot(2, "crash");
    expect(await reported()).toMatchObject({
      verdict: "tail_not_proved",
      chains: [{ endProved: false, unclosedBoots: [], unclosedBootCount: 0 }],
    });
  });

  it("hides no edit: the chain is broken at its place", async () => {
    await boot(2, "crash");
    await boot(2, "close");
    const lines = (await readFile(crashed.file(writer), "latin1")).split("\n");
    await writeFile(crashed.file(writer), lines.toSpliced(1, 1).join("\n"));
    expect(await reported()).toMatchObject({
      verdict: "broken",
      chains: [{ problems: [{ line: 2, what: "missing" }] }],
    });
  });
});

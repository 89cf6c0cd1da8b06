import { beforeAll, describe, expect, it } from "@jest/globals";
import { numbered } from "./contract/bodies.js";
import { makeRecordKeys, type RecordKeys } from "./contract/record-keys.js";
import { openChain } from "./open-chain.js";
import type { Head, HeadStore, RecordSink } from "./port.js";
import { verifyChains } from "./verify.js";

export { makeRecordKeys, type RecordKeys } from "./contract/record-keys.js";

/** A fresh place for chains and heads, e.g. a folder or a stream of a running server. */
export interface RecordsPlace {
  /** Adapters over the place, as a process that starts would make them; what was written before is still there. */
  open(): Promise<{ readonly sink: RecordSink; readonly heads: HeadStore; close(): Promise<void> }>;
  remove(): Promise<void>;
}

const WRITER = "broker-1";
const OTHER = "signer-1";

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

function head(seq: number, writer = WRITER): Head {
  return { writer, boot: 1, seq, digest: `sha256:${seq.toString(16).padStart(64, "0")}`, at_ms: 1000 + seq };
}

/** Runs a test with a place of its own. */
function placed(make: () => Promise<RecordsPlace>, test: (place: RecordsPlace) => Promise<void>) {
  return async () => {
    const place = await make();
    try {
      await test(place);
    } finally {
      await place.remove();
    }
  };
}

function sinkContract(make: () => Promise<RecordsPlace>): void {
  it(
    "gives back what was appended, in order, from any position, after a restart too",
    placed(make, async (place) => {
      const first = await place.open();
      expect((await first.sink.claim(WRITER)).ok).toBe(true);
      expect((await first.sink.append(WRITER, 0, ["line-0"])).ok).toBe(true);
      expect((await first.sink.append(WRITER, 1, ["line-1", "line-2"])).ok).toBe(true);
      expect(await all(first.sink.read(WRITER))).toEqual(["line-0", "line-1", "line-2"]);
      await first.close();
      const second = await place.open();
      expect((await second.sink.append(WRITER, 3, ["line-3"])).ok).toBe(true);
      expect(await all(second.sink.read(WRITER, 2))).toEqual(["line-2", "line-3"]);
      expect(await all(second.sink.read(WRITER, 4))).toEqual([]);
      expect(await second.sink.torn(WRITER)).toBe(0);
      await second.close();
    }),
  );

  it(
    "keeps the chains of several writers apart",
    placed(make, async (place) => {
      const { sink, close } = await place.open();
      expect(await sink.writers()).toEqual([]);
      expect(await all(sink.read(WRITER))).toEqual([]);
      await sink.append(WRITER, 0, ["mine"]);
      await sink.append(OTHER, 0, ["yours"]);
      expect([...(await sink.writers())].sort()).toEqual([WRITER, OTHER]);
      expect(await all(sink.read(OTHER))).toEqual(["yours"]);
      await close();
    }),
  );

  it(
    "refuses an append that expects another end, and writes nothing of it",
    placed(make, async (place) => {
      const { sink, close } = await place.open();
      await sink.append(WRITER, 0, ["line-0"]);
      expect(await sink.append(WRITER, 0, ["again"])).toMatchObject({ ok: false, error: { code: "chain_fork" } });
      expect(await sink.append(WRITER, 2, ["ahead"])).toMatchObject({ ok: false, error: { code: "chain_fork" } });
      expect(await all(sink.read(WRITER))).toEqual(["line-0"]);
      await close();
    }),
  );

  it(
    "lets one of two writers of one chain through",
    placed(make, async (place) => {
      const one = await place.open();
      const two = await place.open();
      const results = [await one.sink.append(WRITER, 0, ["one"]), await two.sink.append(WRITER, 0, ["two"])];
      expect(results.map(({ ok }) => ok).sort()).toEqual([false, true]);
      expect(results.find(({ ok }) => !ok)).toMatchObject({ error: { code: "chain_fork" } });
      await one.close();
      await two.close();
    }),
  );

  it(
    "keeps concurrent appends in the order they were made",
    placed(make, async (place) => {
      const { sink, close } = await place.open();
      const lines = Array.from({ length: 20 }, (_, n) => `line-${n}`);
      const results = await Promise.all(lines.map((line, n) => sink.append(WRITER, n, [line])));
      expect(results.every(({ ok }) => ok)).toBe(true);
      expect(await all(sink.read(WRITER))).toEqual(lines);
      await close();
    }),
  );

  it(
    "takes no name that is not a writer's and no text that is not one line",
    placed(make, async (place) => {
      const { sink, close } = await place.open();
      await expect((async () => sink.append("../up", 0, ["x"]))()).rejects.toThrow(TypeError);
      await expect((async () => sink.append(WRITER, 0, ["a\nb"]))()).rejects.toThrow(TypeError);
      await expect((async () => sink.append(WRITER, 0, [""]))()).rejects.toThrow(TypeError);
      await close();
    }),
  );
}

function headContract(make: () => Promise<RecordsPlace>): void {
  it(
    "keeps every head and knows the last one of each writer",
    placed(make, async (place) => {
      const first = await place.open();
      expect(await first.heads.last(WRITER)).toBeUndefined();
      for (const seq of [0, 5, 9]) expect((await first.heads.put(head(seq))).ok).toBe(true);
      expect((await first.heads.put(head(2, OTHER))).ok).toBe(true);
      await first.close();
      const second = await place.open();
      expect(await second.heads.last(WRITER)).toEqual(head(9));
      expect(await second.heads.last(OTHER)).toEqual(head(2, OTHER));
      const mine = (await all(second.heads.all())).filter(({ writer }) => writer === WRITER);
      expect(mine).toEqual([head(0), head(5), head(9)]);
      await second.close();
    }),
  );
}

function chainContract(make: () => Promise<RecordsPlace>): void {
  let keys: RecordKeys;
  beforeAll(async () => {
    keys = await makeRecordKeys([WRITER]);
  });

  async function withChain(place: RecordsPlace, count: number): Promise<number> {
    const { sink, heads, close } = await place.open();
    const { trust, clock } = keys;
    const sealer = await keys.sealer(WRITER);
    const chain = await openChain({ sink, heads, trust, clock, writer: WRITER, sealer });
    if (!chain.ok) throw new Error(chain.error.code);
    const results = await Promise.all(Array.from({ length: count }, (_, n) => chain.value.append(...numbered(n))));
    expect(results.every(({ ok }) => ok)).toBe(true);
    const { boot } = chain.value;
    await chain.value.close();
    await close();
    return boot;
  }

  it(
    "carries a chain over several boots, which then verifies",
    placed(make, async (place) => {
      expect(await withChain(place, 5)).toBe(1);
      expect(await withChain(place, 3)).toBe(2);
      const { sink, heads, close } = await place.open();
      const report = await verifyChains({ sink, heads, trust: keys.trust });
      expect(report).toMatchObject({ verdict: "verified", chains: [{ writer: WRITER, records: 12, problems: [] }] });
      await close();
    }),
  );

  it(
    "stops the chain of a writer that lost its place to another",
    placed(make, async (place) => {
      await withChain(place, 1);
      const { sink, heads, close } = await place.open();
      const { trust, clock } = keys;
      const sealer = await keys.sealer(WRITER);
      const options = { sink, heads, trust, clock, writer: WRITER, sealer };
      const older = await openChain(options);
      const newer = await openChain(options);
      if (!older.ok || !newer.ok) throw new Error("not opened");
      expect(await older.value.append(...numbered(0))).toMatchObject({ ok: false, error: { code: "chain_fork" } });
      expect((await newer.value.append(...numbered(0))).ok).toBe(true);
      await older.value.close();
      await newer.value.close();
      // The older one could not close its boot: nobody can tell whether it wrote more.
      const chains = [{ endProved: true, problems: [], unclosedBoots: [{ boot: 2 }] }];
      expect(await verifyChains({ sink, heads, trust })).toMatchObject({ verdict: "tail_not_proved", chains });
      await close();
    }),
  );
}

/**
 * Registers the tests that every adapter of `RecordSink` and `HeadStore` must pass.
 *
 * @param makePlace gives an empty place for each test.
 */
export function recordsContract(name: string, makePlace: () => Promise<RecordsPlace>): void {
  describe(`records contract: ${name}`, () => {
    describe("sink", () => sinkContract(makePlace));
    describe("heads", () => headContract(makePlace));
    describe("chain", () => chainContract(makePlace));
  });
}

import { appendFile, copyFile, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { finishing, numbered, numberOf } from "../contract/bodies.js";
import { collect, type FilePlace, filePlace, openedChain } from "../contract/file-place.js";
import { makeRecordKeys, type RecordKeys } from "../contract/record-keys.js";
import { openChain } from "../open-chain.js";
import type { RecordSink } from "../port.js";
import { type DurableFile, openDurableFile } from "./durable-file.js";

const writer = "broker-1";
let keys: RecordKeys;
let place: FilePlace;

beforeAll(async () => {
  keys = await makeRecordKeys([writer]);
});
beforeEach(async () => {
  place = await filePlace();
});
afterEach(() => place.remove());

const noSpace = () => Object.assign(new Error("no space"), { code: "ENOSPC" });

/** A sink whose file operations fail while `failing` names them. */
function breakableSink(): { sink: RecordSink; fail(operation: "write" | "datasync" | "size"): void } {
  const failing = new Set<string>();
  const guarded = <A extends unknown[], R>(name: string, run: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (failing.delete(name)) throw noSpace();
      return run(...args);
    };
  };
  const openFile = async (path: string): Promise<DurableFile> => {
    const file = await openDurableFile(path);
    const { write, datasync, size } = file;
    return {
      ...file,
      write: guarded("write", write),
      datasync: guarded("datasync", datasync),
      size: guarded("size", size),
    };
  };
  return { sink: place.sink({ openFile }), fail: (operation) => failing.add(operation) };
}

describe("a sink that fails", () => {
  it.each(["write", "datasync", "size"] as const)("is broken for good when %s fails once", async (operation) => {
    const { sink, fail } = breakableSink();
    const broken: string[] = [];
    const chain = await openedChain(keys, { sink, writer, onBroken: ({ code }) => broken.push(code) });
    expect((await chain.append(...numbered(0))).ok).toBe(true);
    fail(operation);
    const together = await Promise.all([chain.append(...numbered(0)), chain.append(...finishing(0))]);
    for (const result of [...together, await chain.append(...finishing(0))])
      expect(result).toMatchObject({ ok: false, error: { code: "record_failed", facts: { errno: "ENOSPC" } } });
    expect(broken).toEqual(["record_failed"]);
    expect(chain.head().seq).toBe(1);
    await chain.close();
    expect(await sink.append(writer, 2, ["x"])).toMatchObject({ ok: false, error: { code: "record_failed" } });
    await sink.close();
  });

  it("opens again after that, with all that was acknowledged", async () => {
    const { sink, fail } = breakableSink();
    const chain = await openedChain(keys, { sink, writer });
    await chain.append(...numbered(1));
    fail("datasync");
    await chain.append(...numbered(2));
    await chain.close();
    await sink.close();
    const again = place.sink();
    const next = await openedChain(keys, { sink: again, writer });
    const kinds = (await collect(next.history())).map(({ kind }) => kind);
    expect(kinds.slice(0, 2)).toEqual(["boot", "refusal"]);
    expect(kinds.at(-1)).toBe("boot");
    await next.close();
    await again.close();
  });

  it("notices that its file was replaced, removed, or written by somebody else", async () => {
    const changes: (() => Promise<void>)[] = [
      () => rm(place.file(writer)),
      () => appendFile(place.file(writer), "x"),
      async () => {
        await copyFile(place.file(writer), `${place.file(writer)}.old`);
        await rm(place.file(writer));
        await copyFile(`${place.file(writer)}.old`, place.file(writer));
      },
    ];
    for (const change of changes) {
      await rm(place.records, { recursive: true, force: true });
      const sink = place.sink();
      const chain = await openedChain(keys, { sink, writer });
      await change();
      expect((await chain.append(...numbered(0))).ok).toBe(false);
      await sink.close();
    }
  });

  it("keeps its reserve for records that finish what was begun", async () => {
    let free = 1000;
    const sink = place.sink({ reserveBytes: 500, freeBytes: async () => free });
    const chain = await openedChain(keys, { sink, writer });
    expect((await chain.append(...numbered(0))).ok).toBe(true);
    free = 499;
    const [refusal, takeover] = await Promise.all([chain.append(...numbered(0)), chain.append(...finishing(0))]);
    expect(refusal).toMatchObject({ ok: false, error: { code: "record_failed" } });
    expect(takeover).toMatchObject({ ok: true, value: { seq: 2 } });
    free = 500;
    expect((await chain.append(...numbered(0))).ok).toBe(true);
    await chain.close();
    await sink.close();
  });

  it("asks the file system for its free space", async () => {
    const enough = place.sink({ reserveBytes: 1 });
    await enough.claim(writer);
    expect(await enough.low?.()).toBe(false);
    await enough.close();
    expect(await place.sink({ reserveBytes: Number.MAX_SAFE_INTEGER }).low?.()).toBe(true);
  });
});

/** Opens files without waiting for the disk. */
async function unsynced(path: string): Promise<DurableFile> {
  return { ...(await openDurableFile(path)), datasync: async () => {} };
}

describe("after a crash", () => {
  async function reopen(openFile: (path: string) => Promise<DurableFile> = unsynced) {
    const sink = place.sink({ openFile });
    const { trust, clock } = keys;
    const chain = await openChain({ sink, trust, clock, writer, sealer: await keys.sealer(writer) });
    const bodies = chain.ok ? (await collect(chain.value.history())).map(({ kind, body }) => ({ kind, body })) : [];
    await sink.close();
    return { chain, bodies };
  }

  it("a last line torn at any byte is cut and noted, and nothing before it is lost", async () => {
    const sink = place.sink();
    const chain = await openedChain(keys, { sink, writer });
    for (const number of [1, 2]) await chain.append(...numbered(number));
    await sink.close();
    const whole = await readFile(place.file(writer));
    const lastLine = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
    for (let size = lastLine; size < whole.length; size += 1) {
      await writeFile(place.file(writer), whole.subarray(0, size));
      const { bodies } = await reopen();
      expect(bodies.map(({ kind }) => kind)).toEqual(["boot", "refusal", "boot"]);
      expect(bodies[2]?.body.torn_bytes).toBe(size - lastLine);
    }
    await writeFile(place.file(writer), whole);
    expect((await reopen()).bodies.map(({ kind }) => kind)).toEqual(["boot", "refusal", "refusal", "boot"]);
  }, 30_000);

  it("any power cut leaves what was acknowledged, in order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 5 }), fc.nat(), async (groups, cut) => {
        await rm(place.records, { recursive: true, force: true });
        let durableBytes = 0;
        const openFile = async (path: string): Promise<DurableFile> => {
          const file = await unsynced(path);
          const datasync = async () => {
            durableBytes = await file.size();
          };
          return { ...file, datasync };
        };
        const sink = place.sink({ openFile });
        const chain = await openedChain(keys, { sink, writer });
        const acknowledged: number[] = [];
        for (const [turn, count] of groups.entries()) {
          const numbers = Array.from({ length: count }, (_, n) => turn * 10 + n);
          const results = await Promise.all(numbers.map((number) => chain.append(...numbered(number))));
          acknowledged.push(...numbers.filter((_, n) => results[n]?.ok));
        }
        const safeBytes = durableBytes;
        await chain.append(...numbered(-1));
        await sink.close();
        const { length } = await readFile(place.file(writer));
        await truncate(place.file(writer), safeBytes + (cut % (length - safeBytes + 1)));
        const { chain: again, bodies } = await reopen();
        expect(again.ok).toBe(true);
        expect(bodies.flatMap(numberOf).slice(0, acknowledged.length)).toEqual(acknowledged);
      }),
      { numRuns: 25 },
    );
  }, 30_000);

  it("a whole line that is wrong stops the start", async () => {
    const sink = place.sink();
    await openedChain(keys, { sink, writer });
    await sink.close();
    await appendFile(place.file(writer), "\n");
    expect((await reopen()).chain).toMatchObject({ ok: false, error: { code: "records_broken", facts: { line: 2 } } });
  });
});

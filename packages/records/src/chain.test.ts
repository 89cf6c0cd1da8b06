import { appendFile, readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { finishing, numbered, numberOf } from "./contract/bodies.js";
import { collect, type FilePlace, filePlace, openedChain } from "./contract/file-place.js";
import { makeRecordKeys, type RecordKeys } from "./contract/record-keys.js";
import { openChain } from "./open-chain.js";
import type { RecordSink } from "./port.js";

const writer = "broker-1";
let keys: RecordKeys;
let place: FilePlace;
let sink: RecordSink;

beforeAll(async () => {
  keys = await makeRecordKeys([writer, "broker-2"]);
});
beforeEach(async () => {
  place = await filePlace();
  sink = place.sink();
});
afterEach(async () => {
  await sink.close();
  await place.remove();
});

async function reopened(): Promise<RecordSink> {
  await sink.close();
  sink = place.sink();
  return sink;
}

/** A chain of one closed boot: boot, three refusals, close. */
async function closedChain(): Promise<void> {
  const chain = await openedChain(keys, { sink, writer });
  for (const number of [1, 2, 3]) await chain.append(...numbered(number));
  await chain.close();
}

async function openCode(): Promise<unknown> {
  const { trust, clock } = keys;
  const chain = await openChain({ sink: await reopened(), trust, clock, writer, sealer: await keys.sealer(writer) });
  return chain.ok ? "opened" : chain.error;
}

const long = (length: number) => ({ code: "expired", request_id: "r", facts: { text: "x".repeat(length) } });

describe("a chain", () => {
  it("numbers records over boots, and each boot names the head before it", async () => {
    await closedChain();
    const chain = await openedChain(keys, { sink: await reopened(), writer });
    expect(chain).toMatchObject({ writer, boot: 2 });
    const recorded = await chain.append(...finishing(1));
    expect(recorded).toMatchObject({ ok: true, value: { kind: "takeover", writer, seq: 6 } });
    const history = await collect(chain.history());
    expect(history.map(({ kind, boot }) => `${boot} ${kind}`)).toEqual([
      "1 boot",
      "1 refusal",
      "1 refusal",
      "1 refusal",
      "1 close",
      "2 boot",
      "2 takeover",
    ]);
    expect(history[5]?.body).toMatchObject({ previous: { boot: 1, seq: 4 }, torn_bytes: 0 });
    expect(chain.head()).toMatchObject({ seq: 6, boot: 2 });
    await chain.close();
  });

  it("keeps concurrent appends in order and in few writes", async () => {
    let writes = 0;
    const counted: RecordSink = {
      name: sink.name,
      read: (...args) => sink.read(...args),
      writers: () => sink.writers(),
      torn: (...args) => sink.torn(...args),
      claim: (...args) => sink.claim(...args),
      close: () => sink.close(),
      append: (...args) => {
        writes += 1;
        return sink.append(...args);
      },
    };
    const chain = await openedChain(keys, { sink: counted, writer });
    const results = await Promise.all(Array.from({ length: 100 }, (_, number) => chain.append(...numbered(number))));
    expect(results.map((result) => (result.ok ? result.value.seq : -1))).toEqual(results.map((_, n) => n + 1));
    const numbers = (await collect(chain.history())).flatMap(numberOf);
    expect(numbers).toEqual(results.map((_, n) => n));
    expect(writes).toBeLessThan(10);
    await chain.close();
  });

  it("records what was handed over, not what became of it later", async () => {
    const chain = await openedChain(keys, { sink, writer });
    const body = { code: "expired", request_id: "r", steps: ["a"] };
    const pending = chain.append("refusal", body);
    body.steps.push("b");
    await pending;
    expect((await collect(chain.history())).at(-1)?.body).toMatchObject({ steps: ["a"] });
    await chain.close();
  });

  it("refuses a record that is too long, or that no reader would take, and goes on", async () => {
    const chain = await openedChain(keys, { sink, writer });
    expect((await chain.append("refusal", long(195_400))).ok).toBe(true);
    for (const length of [195_600, 196_608, 1_000_000]) {
      const result = await chain.append("refusal", long(length));
      expect(result).toMatchObject({ ok: false, error: { code: "record_failed" } });
    }
    await expect(chain.append("refusal", { ...long(1), facts: { huge: 1e300 } })).rejects.toThrow(TypeError);
    await expect(chain.append("refusal", { ...long(1), facts: { missing: undefined } })).rejects.toThrow(TypeError);
    const boot = { previous: null, torn_bytes: 0 };
    await expect(chain.append("boot", boot)).rejects.toThrow(TypeError);
    expect((await chain.append(...numbered(0))).ok).toBe(true);
    await chain.close();
    expect(await openCode()).toBe("opened");
  });

  it("refuses records while the clock is outside the key's validity, and goes on when it is back", async () => {
    let shiftMs = 0;
    const clock = { nowMs: () => keys.clock.nowMs() + shiftMs };
    const chain = await openedChain(keys, { sink, writer, clock });
    shiftMs = -7_200_000;
    expect(await chain.append(...numbered(0))).toMatchObject({ ok: false, error: { code: "record_failed" } });
    shiftMs = 0;
    expect((await chain.append(...numbered(0))).ok).toBe(true);
    await chain.close();
    expect(await openCode()).toBe("opened");
  });

  it("takes nothing after it was closed", async () => {
    const chain = await openedChain(keys, { sink, writer });
    const pending = chain.append(...numbered(0));
    await Promise.all([chain.close(), chain.close()]);
    expect((await pending).ok).toBe(true);
    expect(await chain.append(...numbered(0))).toMatchObject({ ok: false, error: { code: "record_failed" } });
    expect((await collect(sink.read(writer))).length).toBe(3);
  });

  it("copies its head at boot, in the interval when it changed, and at the end", async () => {
    const heads = place.heads();
    const chain = await openedChain(keys, { sink, writer, heads, headEveryMs: 10 });
    expect(await heads.last(writer)).toMatchObject({ seq: 0, boot: 1 });
    await chain.append(...numbered(0));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await heads.last(writer)).toEqual(chain.head());
    await chain.append(...numbered(0));
    await chain.close();
    expect(await heads.last(writer)).toMatchObject({ seq: 3 });
    expect((await collect(heads.all())).length).toBeLessThanOrEqual(4);
    await heads.close();
  });

  it("tells of heads that cannot be copied, and goes on", async () => {
    const failures: string[] = [];
    const heads = place.heads();
    const failing = {
      last: heads.last.bind(heads),
      all: heads.all.bind(heads),
      put: () => Promise.reject(new Error()),
    };
    const onHeadFailed = ({ code }: { code: string }) => failures.push(code);
    const chain = await openedChain(keys, { sink, writer, heads: failing, onHeadFailed });
    expect((await chain.append(...numbered(0))).ok).toBe(true);
    await chain.close();
    expect(failures).toEqual(["record_failed", "record_failed"]);
  });
});

describe("opening a chain", () => {
  it("is refused, with the place, when a record was edited", async () => {
    await closedChain();
    const lines = (await readFile(place.file(writer), "latin1")).split("\n");
    lines[2] = lines[2]?.replace(/^./, "f") ?? "";
    await writeFile(place.file(writer), lines.join("\n"));
    expect(await openCode()).toMatchObject({
      code: "records_broken",
      facts: { line: 3, seq: 2, what: "not_a_record" },
    });
  });

  it("is refused when the last copied head is gone from the chain", async () => {
    const heads = place.heads();
    const chain = await openedChain(keys, { sink, writer, heads });
    await chain.append(...numbered(0));
    await chain.close();
    const text = await readFile(place.file(writer), "latin1");
    await writeFile(place.file(writer), `${text.split("\n").slice(0, 1).join("\n")}\n`);
    const { trust, clock } = keys;
    const again = await openChain({
      sink: await reopened(),
      trust,
      clock,
      writer,
      heads,
      sealer: await keys.sealer(writer),
    });
    expect(again).toMatchObject({
      ok: false,
      error: { code: "records_broken", facts: { line: 2, what: "head_missing" } },
    });
    await heads.close();
  });

  it("cuts a torn tail and notes it, but leaves the file alone when it is refused", async () => {
    await closedChain();
    await appendFile(place.file(writer), "eyJhbGciOi");
    const chain = await openedChain(keys, { sink: await reopened(), writer });
    expect((await collect(chain.history())).at(-1)).toMatchObject({ kind: "boot", body: { torn_bytes: 10 } });
    await chain.close();
    await appendFile(place.file(writer), "edited\ntorn");
    const before = await readFile(place.file(writer), "latin1");
    expect(await openCode()).toMatchObject({ code: "records_broken", facts: { line: 8 } });
    expect(await readFile(place.file(writer), "latin1")).toBe(before);
  });

  it("is refused for a key of another writer, or one that the trust file does not name", async () => {
    const stranger = await makeRecordKeys([writer]);
    const { trust, clock } = keys;
    for (const sealer of [await keys.sealer("broker-2"), await stranger.sealer(writer)]) {
      const chain = await openChain({ sink, trust, clock, writer, sealer });
      expect(chain).toMatchObject({ ok: false, error: { code: "setting_invalid" } });
    }
    expect(await sink.writers()).toEqual([]);
  });

  it("is refused when another key signs than the one the sealer names", async () => {
    const stranger = await (await makeRecordKeys([writer])).sealer(writer);
    const { trust, clock } = keys;
    const sealer = { ...(await keys.sealer(writer)), seal: stranger.seal };
    const chain = await openChain({ sink, trust, clock, writer, sealer });
    expect(chain).toMatchObject({ ok: false, error: { code: "record_failed" } });
    expect(await collect(sink.read(writer))).toEqual([]);
  });

  it("refuses history that changed behind its back", async () => {
    await closedChain();
    const chain = await openedChain(keys, { sink: await reopened(), writer });
    const lines = (await readFile(place.file(writer), "latin1")).split("\n");
    await writeFile(place.file(writer), [...lines.slice(0, 2), ...lines.slice(3)].join("\n"));
    await expect(collect(chain.history())).rejects.toThrow();
  });
});

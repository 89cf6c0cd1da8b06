import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { codeOf, pinned, START_MS, takeRequest, value } from "../contract/subject.js";
import { createLocalFeed, type Disk, type EmbeddedStore, openDisk, openEmbeddedStore } from "./index.js";

let folder: string;
const stores: EmbeddedStore[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "seb-store-"));
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(more: { disk?: Disk; compactFrom?: number } = {}) {
  const opened = await openEmbeddedStore({ folder, ...more });
  if (opened.ok) stores.push(opened.value);
  return opened;
}
const subject = (store: EmbeddedStore) => ({
  ...store,
  feed: createLocalFeed(),
  restart: () => Promise.reject(new Error("unused")),
  wipe: () => Promise.reject(new Error("unused")),
  stop: store.close,
});

/** Three takes in a store that was closed. */
async function filled(): Promise<void> {
  const store = value(await open());
  const pin = await pinned(subject(store));
  for (const number of [1, 2, 3]) value(await store.admission.take(takeRequest(pin, number)));
  await store.close();
}
const openIds = async () => value(await value(await open()).admission.open()).map(({ cert_id }) => cert_id.at(-1));

describe("the journal of the embedded store", () => {
  it.each([1, 17, 40])("is cut where its last line was torn, %d characters in", async (characters) => {
    await filled();
    const journal = join(folder, "journal.jsonl");
    const line = (await readFile(journal, "utf8")).split("\n").at(-2) ?? "";
    await appendFile(journal, line.slice(0, characters));
    expect(await openIds()).toEqual(["b", "c", "d"]);
    expect((await readFile(journal, "utf8")).endsWith("\n")).toBe(true);
  });

  it.each([
    ["one byte is changed", (text: string) => text.replace("agent:oncall-v3", "agent:oncall-v4")],
    ["a line in the middle is missing", (text: string) => text.split("\n").toSpliced(3, 1).join("\n")],
    ["the first line is missing", (text: string) => text.slice(text.indexOf("\n") + 1)],
    ["two lines are swapped", (text: string) => text.split("\n").toSorted().join("\n")],
    ["an empty line stands in it", (text: string) => `${text}\n`],
    ["it ends in other bytes and a newline", (text: string) => `${text}{}\n`],
  ])("does not open when %s", async (_, change) => {
    await filled();
    const journal = join(folder, "journal.jsonl");
    const text = await readFile(journal, "utf8");
    expect(change(text)).not.toBe(text);
    await writeFile(journal, change(text));
    expect(codeOf(await open())).toBe("store_unavailable");
    await writeFile(journal, text);
    expect(await openIds()).toEqual(["b", "c", "d"]);
  });

  it("does not open with a damaged snapshot, nor without the one that it continues", async () => {
    const store = value(await open({ compactFrom: 1 }));
    await pinned(subject(store));
    await store.close();
    const snapshot = join(folder, "snapshot.json");
    const text = await readFile(snapshot, "utf8");
    await writeFile(snapshot, text.replace('"now_ms":0', '"now_ms":1'));
    expect(codeOf(await open())).toBe("store_unavailable");
    await writeFile(snapshot, text);
    await value(await open()).close();
    await rm(snapshot);
    expect(codeOf(await open())).toBe("store_unavailable");
  });

  it("survives a stop between snapshot and emptied journal", async () => {
    await filled();
    const journal = await readFile(join(folder, "journal.jsonl"), "utf8");
    const store = value(await open({ compactFrom: 1 }));
    await store.close();
    const after = await readFile(join(folder, "journal.jsonl"), "utf8");
    expect(after).toBe("");
    await writeFile(join(folder, "journal.jsonl"), journal);
    expect(await openIds()).toEqual(["b", "c", "d"]);
  });

  it("writes what is asked together in one go", async () => {
    const real = await openDisk(folder);
    let writes = 0;
    const disk: Disk = {
      ...real,
      async appender(name) {
        const file = await real.appender(name);
        const append = (text: string) => {
          writes += 1;
          return file.append(text);
        };
        return { ...file, append };
      },
    };
    const store = value(await open({ disk }));
    const pin = await pinned(subject(store));
    writes = 0;
    const all = await Promise.all(Array.from({ length: 50 }, (_, i) => store.admission.take(takeRequest(pin, i))));
    expect(all.map(codeOf)).toEqual(all.map(() => "ok"));
    expect(writes).toBe(1);
  });
});

describe("an I/O error", () => {
  async function breakable() {
    const real = await openDisk(folder);
    const fault = { on: false };
    const disk: Disk = {
      ...real,
      async appender(name) {
        const file = await real.appender(name);
        const append = (text: string) => (fault.on ? Promise.reject(new Error("EIO")) : file.append(text));
        return { ...file, append };
      },
    };
    return { disk, fault };
  }

  it("makes every later call fail, also when the disk is well again", async () => {
    const { disk, fault } = await breakable();
    const store = value(await open({ disk }));
    const pin = await pinned(subject(store));
    fault.on = true;
    expect(codeOf(await store.admission.take(takeRequest(pin, 1)))).toBe("store_unavailable");
    fault.on = false;
    const codes = await Promise.all([
      store.admission.take(takeRequest(pin, 2)),
      store.admission.peek(takeRequest(pin, 2)),
      store.admission.lookup("c_x"),
      store.admission.open(),
      store.admission.holds("c_x", 1),
      store.admission.takeOver("c_x", 1, { broker: "b", boot: 1, life_ms: 1 }, pin),
      store.reader.read(),
      store.writer.runId(),
      store.writer.current(),
    ]);
    expect(codes.map(codeOf)).toEqual(codes.map(() => "store_unavailable"));
    await store.close();
    const again = value(await open());
    expect(value(await again.admission.open())).toEqual([]);
  });

  it("at the start is a failure, and frees the folder", async () => {
    const { disk, fault } = await breakable();
    fault.on = true;
    expect(codeOf(await open({ disk }))).toBe("store_unavailable");
    expect(codeOf(await open())).toBe("ok");
  });
});

describe("the folder", () => {
  it("belongs to one store at a time", async () => {
    const first = value(await open());
    expect(codeOf(await open())).toBe("store_unavailable");
    await first.close();
    expect(codeOf(await first.writer.runId())).toBe("store_unavailable");
    expect(codeOf(await open())).toBe("ok");
  });

  it.each(["999999999 1 x", `${process.pid} 1 x`, "", "not a lock"])(
    "is taken over from a dead holder (%j)",
    async (text) => {
      await writeFile(join(folder, "lock"), text);
      expect(codeOf(await open())).toBe("ok");
      expect((await readdir(folder)).filter((name) => name.startsWith("lock"))).toEqual(["lock"]);
    },
  );

  it("is not taken over from a living process", async () => {
    await writeFile(join(folder, "lock"), `${process.ppid}`);
    expect(codeOf(await open())).toBe("store_unavailable");
    expect((await readdir(folder)).filter((name) => name.startsWith("lock"))).toEqual(["lock"]);
  });

  it("keeps a take that was answered", async () => {
    const store = value(await open());
    const pin = await pinned(subject(store));
    const { fence } = value(await store.admission.take(takeRequest(pin, 1)));
    // Copied while open, as a power cut would leave it.
    const copy = await readFile(join(folder, "journal.jsonl"), "utf8");
    await store.close();
    await writeFile(join(folder, "journal.jsonl"), copy);
    const again = value(await open());
    expect(value(await again.admission.open())).toMatchObject([{ fence, deadline_ms: START_MS + 30_000 }]);
  });
});

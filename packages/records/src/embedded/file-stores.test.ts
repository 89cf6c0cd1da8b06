import { appendFile, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { digestBytes } from "@seb/canonical";
import { collect } from "../contract/file-place.js";
import type { Head } from "../port.js";
import { openDurableFile } from "./durable-file.js";
import { createFileEvidence, MAX_EVIDENCE_BYTES } from "./file-evidence.js";
import { createFileHeads } from "./file-heads.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "seb-stores-"));
});
afterEach(() => rm(folder, { recursive: true }));

const head = (seq: number): Head => ({ writer: "broker-1", boot: 1, seq, digest: digestBytes(`${seq}`), at_ms: seq });

describe("heads in files", () => {
  const path = () => join(folder, "broker-1.heads.jsonl");

  it("do without a torn last line and cut it before the next one", async () => {
    const before = createFileHeads({ folder });
    await before.put(head(1));
    await before.close();
    await appendFile(path(), '{"at_ms":2,"bo');
    const heads = createFileHeads({ folder });
    expect(await heads.last("broker-1")).toEqual(head(1));
    await heads.put(head(3));
    expect(await collect(heads.all())).toEqual([head(1), head(3)]);
    await heads.close();
  });

  it("go on after a failed copy", async () => {
    let failures = 1;
    const openFile = async (path: string) => {
      const file = await openDurableFile(path);
      const write = async (bytes: Uint8Array) => {
        await file.write(failures > 0 ? bytes.subarray(0, 20) : bytes);
        failures -= 1;
        if (failures === 0) throw new Error("disk");
      };
      return { ...file, write };
    };
    const heads = createFileHeads({ folder, openFile });
    expect(await heads.put(head(1))).toMatchObject({ ok: false, error: { code: "record_failed" } });
    expect((await heads.put(head(2))).ok).toBe(true);
    expect(await collect(heads.all())).toEqual([head(2)]);
    await heads.close();
  });

  it("say when their file was taken away, and go on in a new one", async () => {
    const heads = createFileHeads({ folder });
    await heads.put(head(1));
    await rm(path());
    expect(await heads.put(head(2))).toMatchObject({ ok: false, error: { code: "record_failed" } });
    expect((await heads.put(head(3))).ok).toBe(true);
    expect(await collect(heads.all())).toEqual([head(3)]);
    await heads.close();
  });

  it("are not read past a line that is no head", async () => {
    const heads = createFileHeads({ folder });
    await heads.put(head(1));
    await appendFile(path(), `${JSON.stringify({ ...head(2), writer: "broker-2" })}\n`);
    await expect(heads.last("broker-1")).rejects.toThrow();
    await heads.close();
  });
});

describe("evidence in files", () => {
  const bytes = new TextEncoder().encode("evidence");

  it("is found by its digest, once stored or twice, until it is erased", async () => {
    const store = createFileEvidence({ folder });
    const [one, two] = await Promise.all([store.put(bytes), store.put(bytes)]);
    expect(one).toEqual({ ok: true, value: digestBytes(bytes) });
    expect(two).toEqual(one);
    expect(await createFileEvidence({ folder }).get(digestBytes(bytes))).toEqual(bytes);
    expect(await store.erase(digestBytes(bytes))).toBe(true);
    expect(await store.erase(digestBytes(bytes))).toBe(false);
    expect(await store.get(digestBytes(bytes))).toBeUndefined();
  });

  it("counts as absent when damaged, and can be stored anew", async () => {
    const store = createFileEvidence({ folder });
    const digest = digestBytes(bytes);
    await store.put(bytes);
    const path = join(folder, digest.slice(7, 9), digest.slice(7));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await writeFile(path, "other");
    expect(await store.get(digest)).toBeUndefined();
    await store.put(bytes);
    expect(await store.get(digest)).toEqual(bytes);
    expect(await readdir(join(folder, digest.slice(7, 9)))).toEqual([digest.slice(7)]);
  });

  it("refuses what is too large, names that are no digests, and a place that cannot be written", async () => {
    const store = createFileEvidence({ folder });
    const large = await store.put(new Uint8Array(MAX_EVIDENCE_BYTES + 1));
    expect(large).toMatchObject({ ok: false, error: { code: "record_failed" } });
    for (const name of ["", "sha256:..", `sha256:../../${"a".repeat(58)}`, "__proto__"]) {
      expect(await store.get(name)).toBeUndefined();
      expect(await store.erase(name)).toBe(false);
    }
    await writeFile(join(folder, "file"), "");
    const nowhere = await createFileEvidence({ folder: join(folder, "file") }).put(bytes);
    expect(nowhere).toMatchObject({ ok: false, error: { code: "record_failed" } });
  });
});

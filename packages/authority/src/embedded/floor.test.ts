import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createFileFloor } from "./index.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "seb-floor-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the floor in a file", () => {
  it("is none at first and reads back as saved, also by a later one", async () => {
    const path = join(folder, "state", "floor.json");
    const floor = createFileFloor(path);
    expect(await floor.load()).toBeUndefined();
    const kept = { generation: 2, seq: 9, epochs: { global: 3, subject: { "agent:a": 1 }, policy: {} } };
    await floor.save(kept);
    expect(JSON.stringify(await createFileFloor(path).load())).toBe(JSON.stringify(kept));
  });

  it.each(["", "{}", "[1]", '{"generation":1,"seq":-1,"epochs":{"global":0,"subject":{},"policy":{}}}'])(
    "does not count damage as none: %j",
    async (text) => {
      const path = join(folder, "floor.json");
      await writeFile(path, text);
      await expect(createFileFloor(path).load()).rejects.toBeDefined();
    },
  );
});

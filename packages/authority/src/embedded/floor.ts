import { basename, dirname } from "node:path";
import { readJson } from "@seb/canonical";
import { validate } from "@seb/schema";
import { StatusFloor, type StatusFloorStore } from "../floor.js";
import { openDisk } from "./disk.js";

/** Keeps a receiver's floor in one file, replaced whole and synced. A file that cannot be read as a floor rejects: it must not count as none. */
export function createFileFloor(path: string): StatusFloorStore {
  const name = basename(path);
  const disk = openDisk(dirname(path));
  // Handled by whoever loads or saves first.
  disk.catch(() => undefined);
  return {
    async load() {
      const text = await (await disk).read(name);
      if (text === undefined) return undefined;
      const json = readJson(text, { maxBytes: 4_000_000, maxDepth: 8 });
      const floor = json.ok ? validate(StatusFloor, json.value, "setting_invalid") : json;
      if (!floor.ok) throw new Error("the stored floor of the revocation status is damaged");
      return floor.value;
    },
    async save(floor) {
      await (await disk).replace(name, `${JSON.stringify(floor)}\n`);
    },
  };
}

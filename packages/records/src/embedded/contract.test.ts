import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordsContract } from "../contract.js";
import { createFileHeads } from "./file-heads.js";
import { createFileSink } from "./file-sink.js";

recordsContract("files", async () => {
  const folder = await mkdtemp(join(tmpdir(), "seb-records-"));
  return {
    open: async () => {
      const sink = createFileSink({ folder: join(folder, "records") });
      const heads = createFileHeads({ folder: join(folder, "heads") });
      const close = async () => {
        await sink.close();
        await heads.close();
      };
      return { sink, heads, close };
    },
    remove: () => rm(folder, { recursive: true }),
  };
});

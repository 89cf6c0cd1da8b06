import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AuthorityUnderTest, authorityContract } from "../contract.js";
import { createLocalFeed, openEmbeddedStore } from "./index.js";

async function openIn(folder: string, compactFrom: number): Promise<AuthorityUnderTest> {
  const opened = await openEmbeddedStore({ folder, compactFrom });
  if (!opened.ok) throw new Error(opened.error.code);
  const { admission, reader, writer, close } = opened.value;
  return {
    admission,
    reader,
    writer,
    feed: createLocalFeed(),
    async restart() {
      await close();
      return openIn(folder, compactFrom);
    },
    async wipe() {
      await close();
      await rm(folder, { recursive: true });
      return openIn(folder, compactFrom);
    },
    async stop() {
      await close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const folder = () => mkdtemp(join(tmpdir(), "seb-authority-"));
authorityContract("embedded", async () => openIn(await folder(), 1_000_000));
authorityContract("embedded, compacted after every write", async () => openIn(await folder(), 1));

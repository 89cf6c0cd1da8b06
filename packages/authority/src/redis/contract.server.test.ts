import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "@jest/globals";
import { leftOut, type RunningRedis, startRedis } from "@seb/testkit";
import { type AuthorityUnderTest, authorityContract } from "../contract.js";
import { createLocalFeed } from "../embedded/index.js";
import { openRedisStore } from "./index.js";

const missing = await leftOut(["redis-server"]);
const suite = missing === undefined ? describe : describe.skip;

suite("on a redis-server", () => {
  let server: RunningRedis;
  beforeAll(async () => {
    server = await startRedis();
  }, 15 * 60_000);
  afterAll(() => server.dispose());

  async function emptied(): Promise<void> {
    await server.stop();
    rmSync(join(server.dataDir, "appendonlydir"), { recursive: true, force: true });
    await server.restart();
  }

  async function opened(): Promise<AuthorityUnderTest> {
    const store = await openRedisStore({ url: server.url });
    if (!store.ok) throw new Error(store.error.code);
    const { admission, reader, writer, close } = store.value;
    const after = async (what: () => Promise<void>) => {
      await close();
      await what();
      return opened();
    };
    return {
      admission,
      reader,
      writer,
      feed: createLocalFeed(),
      restart: () => after(() => server.restart()),
      wipe: () => after(emptied),
      stop: close,
    };
  }

  authorityContract("redis", async () => {
    await emptied();
    return opened();
  });
});

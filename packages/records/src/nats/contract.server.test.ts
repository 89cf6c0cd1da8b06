import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "@jest/globals";
import { leftOut, type RunningNats, startNats } from "@seb/testkit";
import { administerStreams, type StreamsAdmin } from "../contract/nats-place.js";
import { recordsContract } from "../contract.js";
import { createFileHeads } from "../embedded/file-heads.js";
import { openJetStreamSink, openNatsLink } from "./index.js";

const missing = await leftOut(["nats-server"]);
const suite = missing === undefined ? describe : describe.skip;

suite("on a nats-server", () => {
  let server: RunningNats;
  let admin: StreamsAdmin;
  beforeAll(async () => {
    server = await startNats();
    admin = await administerStreams({ servers: server.url });
  }, 15 * 60_000);
  afterAll(async () => {
    await admin.close();
    await server.dispose();
  });

  recordsContract("JetStream", async () => {
    const folder = await mkdtemp(join(tmpdir(), "seb-heads-"));
    await admin.remade();
    return {
      open: async () => {
        const link = await openNatsLink({ urls: [server.url], monitorUrls: [server.monitorUrl], account: "$G" });
        if (!link.ok) throw new Error(link.error.code);
        const sink = openJetStreamSink({ link: link.value });
        const heads = createFileHeads({ folder });
        const close = async () => {
          await sink.close();
          await heads.close();
          await link.value.close();
        };
        return { sink, heads, close };
      },
      remove: () => rm(folder, { recursive: true }),
    };
  });
});

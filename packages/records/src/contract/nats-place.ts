import { readFileSync } from "node:fs";
import { type JetStreamManager, jetstreamManager, type StreamConfig } from "@nats-io/jetstream";
import { connect, type NodeConnectionOptions } from "@nats-io/transport-node";

/** An administrator of a nats-server's streams. */
export interface StreamsAdmin {
  readonly manager: JetStreamManager;
  /** Deletes the stream of records and makes it anew, with other settings where some are given. */
  remade(over?: Partial<StreamConfig>): Promise<void>;
  close(): Promise<void>;
}

const ANSWER_MS = 1000;
const TRIES = 15;
const definition = new URL("../../../../infra/nats/streams/SEB_RECORDS.json", import.meta.url);

/** Connects and makes the stream of records as infra/nats/streams defines it. */
export async function administerStreams(options: NodeConnectionOptions): Promise<StreamsAdmin> {
  const config: StreamConfig = JSON.parse(readFileSync(definition, "utf8"));
  const connection = await connect(options);
  const manager = await jetstreamManager(connection, { timeout: ANSWER_MS });
  const remade = async (over: Partial<StreamConfig> = {}) => {
    // What is asked of a server that a test has just restarted may go unanswered.
    for (let left = TRIES; ; left -= 1) {
      await manager.streams.delete(config.name).catch(() => false);
      const made = await manager.streams.add({ ...config, ...over }).catch((error: unknown) => {
        if (left === 1) throw error;
      });
      if (made?.state.last_seq === 0) return;
    }
  };
  await remade();
  return { manager, remade, close: () => connection.close() };
}

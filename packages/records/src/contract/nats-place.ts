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

const definition = new URL("../../../../infra/nats/streams/SEB_RECORDS.json", import.meta.url);

/** Connects and makes the stream of records as infra/nats/streams defines it. */
export async function administerStreams(options: NodeConnectionOptions): Promise<StreamsAdmin> {
  const config: StreamConfig = JSON.parse(readFileSync(definition, "utf8"));
  const connection = await connect(options);
  const manager = await jetstreamManager(connection);
  const remade = async (over: Partial<StreamConfig> = {}) => {
    await manager.streams.delete(config.name).catch(() => false);
    await manager.streams.add({ ...config, ...over });
  };
  await remade();
  return { manager, remade, close: () => connection.close() };
}

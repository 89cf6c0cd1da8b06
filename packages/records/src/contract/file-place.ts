import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileHeads, type FileHeads } from "../embedded/file-heads.js";
import { createFileSink, type FileSinkOptions } from "../embedded/file-sink.js";
import { type ChainOptions, openChain } from "../open-chain.js";
import type { RecordChain, RecordSink } from "../port.js";
import type { RecordKeys } from "./record-keys.js";

/** A temporary folder with `records/` and `heads/`, and the adapters over them. */
export interface FilePlace {
  readonly folder: string;
  readonly records: string;
  /** The chain's file. */
  file(writer: string): string;
  sink(options?: Partial<FileSinkOptions>): RecordSink;
  heads(): FileHeads;
  remove(): Promise<void>;
}

export async function filePlace(): Promise<FilePlace> {
  const folder = await mkdtemp(join(tmpdir(), "seb-records-"));
  const records = join(folder, "records");
  return {
    folder,
    records,
    file: (writer) => join(records, `${writer}.jsonl`),
    sink: (options = {}) => createFileSink({ folder: records, ...options }),
    heads: () => createFileHeads({ folder: join(folder, "heads") }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Opens a chain that must open. */
export async function openedChain(
  keys: RecordKeys,
  options: Partial<ChainOptions> & Pick<ChainOptions, "sink" | "writer">,
): Promise<RecordChain> {
  const { trust, clock } = keys;
  const chain = await openChain({ trust, clock, sealer: await keys.sealer(options.writer), ...options });
  if (!chain.ok) throw new Error(`${chain.error.code}: ${chain.error.detail}`);
  return chain.value;
}

/** All items of a stream. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Head, HeadStore, RecordSource } from "@seb/records";
import { createFileHeads, createFileSink } from "@seb/records/embedded";
import { fail, ok, type Result } from "@seb/schema";
import type { Invocation } from "../command.js";
import { openStream, serversOf } from "./stream.js";

/** Where chains are read, with the second place of their heads. */
export interface Place {
  /** A folder, or the servers of a stream. */
  readonly name: string;
  /** Where a person finds the chain of a writer. */
  readonly chain: (writer: string) => string;
  readonly source: RecordSource;
  readonly heads: Pick<HeadStore, "all"> | undefined;
  close(): Promise<void>;
}

const SERVICES = ["signer", "broker", "revocation"] as const;

/** The heads of several folders as one second place. */
function headsIn(folders: readonly string[]): { heads: Pick<HeadStore, "all"> | undefined; close(): Promise<void> } {
  const stores = folders.map((folder) => createFileHeads({ folder }));
  async function* all(): AsyncGenerator<Head> {
    for (const store of stores) yield* store.all();
  }
  return {
    heads: stores.length === 0 ? undefined : { all },
    close: async () => {
      for (const store of stores) await store.close();
    },
  };
}

function folderPlace(folder: string, heads: string | undefined): Place {
  return {
    name: folder,
    chain: (writer) => join(folder, `${writer}.jsonl`),
    source: createFileSink({ folder }),
    ...headsIn(heads === undefined ? [] : [heads]),
  };
}

async function streamPlace(
  invocation: Invocation,
  urls: readonly string[],
  heads: readonly string[],
): Promise<Result<readonly Place[]>> {
  const stream = await openStream(invocation, urls);
  if (!stream.ok) return stream;
  const second = headsIn(heads);
  const name = `NATS ${urls.join(", ")}`;
  return ok([
    {
      name,
      chain: (writer) => `${name}: ${writer}`,
      source: stream.value.source,
      heads: second.heads,
      async close() {
        await second.close();
        await stream.value.close();
      },
    },
  ]);
}

/**
 * Where to look: `--records` (with `--heads`, in the same order); a JetStream stream (`--nats`, with the heads of any number of
 * folders); else the three services of the dev folder.
 */
export async function placesOf(invocation: Invocation): Promise<Result<readonly Place[]>> {
  const { flags, settings, io } = invocation;
  const folders = (value: unknown) => (Array.isArray(value) ? value.map((dir: string) => resolve(io.cwd, dir)) : []);
  const [records, heads] = [folders(flags.records), folders(flags.heads)];
  const missing = [...records, ...heads].find((dir) => !existsSync(dir));
  const urls = serversOf(invocation);
  if (urls.length > 0) {
    if (records.length > 0) return fail("usage", "give --records or --nats, not both");
    if (missing !== undefined) return fail("setting_missing", `${missing} does not exist`);
    return streamPlace(invocation, urls, heads);
  }
  if (records.length > 0) {
    if (heads.length > records.length) return fail("usage", "--heads is given more often than --records");
    if (missing !== undefined) return fail("setting_missing", `${missing} does not exist`);
    return ok(records.map((folder, at) => folderPlace(folder, heads[at])));
  }
  const root = settings.inFolder();
  if (!root.ok)
    return fail("setting_missing", "give --records or --nats, or work below a directory with a .seb folder");
  return ok(SERVICES.map((name) => folderPlace(join(root.value, name, "records"), join(root.value, "heads", name))));
}

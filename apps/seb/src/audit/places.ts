import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { RecordSource } from "@seb/records";
import { createFileHeads, createFileSink, type FileHeads } from "@seb/records/embedded";
import { fail, ok, type Result } from "@seb/schema";
import type { Invocation } from "../command.js";

/** One folder of chains with the second place of its heads. */
export interface Place {
  readonly folder: string;
  readonly source: RecordSource;
  readonly heads: FileHeads | undefined;
}

const SERVICES = ["signer", "broker", "revocation"] as const;

function placeOf(folder: string, heads: string | undefined): Place {
  return {
    folder,
    source: createFileSink({ folder }),
    heads: heads === undefined ? undefined : createFileHeads({ folder: heads }),
  };
}

/** Where to look: `--records` (with `--heads`, in the same order), else the three services of the dev folder. */
export function placesOf({ flags, settings, io }: Invocation): Result<readonly Place[]> {
  const records = Array.isArray(flags.records) ? flags.records.map((dir: string) => resolve(io.cwd, dir)) : [];
  const heads = Array.isArray(flags.heads) ? flags.heads.map((dir: string) => resolve(io.cwd, dir)) : [];
  if (records.length > 0) {
    if (heads.length > records.length) return fail("usage", "--heads is given more often than --records");
    const missing = [...records, ...heads].find((dir) => !existsSync(dir));
    if (missing !== undefined) return fail("setting_missing", `${missing} does not exist`);
    return ok(records.map((folder, at) => placeOf(folder, heads[at])));
  }
  const root = settings.inFolder();
  if (!root.ok) return fail("setting_missing", "give --records, or work below a directory with a .seb folder");
  return ok(SERVICES.map((name) => placeOf(join(root.value, name, "records"), join(root.value, "heads", name))));
}

import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { SECRET_MODE } from "@seb/mounts";
import { createLog, type Log } from "@seb/service-kit";

/** A service's log as a file of JSON lines, appended to; readable by this user only. */
export function openLogFile(name: string, path: string): { readonly log: Log; close(): void } {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(path, "a", SECRET_MODE);
  let open = true;
  const write = (line: string) => {
    if (open) writeSync(file, line);
  };
  return {
    log: createLog({ name, stream: { write } }),
    close: () => {
      open = false;
      closeSync(file);
    },
  };
}

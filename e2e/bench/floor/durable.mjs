// Files with bare calls: an append is one write and one fdatasync, shared by whatever gathered meanwhile.
import { mkdirSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";

/** Opens a file for durable appends. `append(line)` resolves when the line would survive a power cut. */
export async function openLog(path) {
  const handle = await open(path, "a", 0o600);
  let waiting = [];
  let flushing = false;
  async function flush() {
    await Promise.resolve();
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      await handle.write(group.map(({ line }) => line).join(""));
      await handle.datasync();
      for (const { done } of group) done();
    }
    flushing = false;
  }
  return {
    append(line) {
      const durable = new Promise((done) => waiting.push({ line: `${line}\n`, done }));
      if (!flushing) {
        flushing = true;
        void flush();
      }
      return durable;
    },
  };
}

/** Keeps whole files durably, each under a name of its own. */
export async function openFiles(folder) {
  mkdirSync(folder, { recursive: true });
  const entries = await open(folder, "r");
  return {
    async put(name, text) {
      const handle = await open(join(folder, `${name}.part`), "wx", 0o600);
      await handle.write(text);
      await handle.datasync();
      await handle.close();
      await rename(join(folder, `${name}.part`), join(folder, name));
      await entries.sync();
    },
  };
}

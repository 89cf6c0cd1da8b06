import { appendFileSync } from "node:fs";
import type { Readable } from "node:stream";

const maxChars = 4 * 1024 * 1024;

/** What a child wrote to one stream, the newest 4 Mi characters of it. */
export interface Output {
  text(): string;
  /** Calls back whenever something was added. Answers a function that ends this. */
  onChange(listener: () => void): () => void;
}

/** Gathers a stream as UTF-8, also into `logFile` when given. */
export function gather(stream: Readable | null, logFile?: string): Output {
  let text = "";
  const listeners = new Set<() => void>();
  stream?.setEncoding("utf8");
  stream?.on("data", (chunk: string) => {
    text = (text + chunk).slice(-maxChars);
    if (logFile !== undefined) appendFileSync(logFile, chunk);
    for (const listener of [...listeners]) listener();
  });
  return {
    text: () => text,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { errnoOf } from "@seb/local";
import { MAX_LINE_BYTES } from "../record-line.js";

const CHUNK_BYTES = 65_536;
const NEWLINE = 0x0a;

async function openForReading(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Bytes of a file, in pieces of at most 64 KB; none when it does not exist. A piece is valid until the next one is asked for. */
async function* chunks(path: string): AsyncGenerator<Buffer> {
  const handle = await openForReading(path);
  if (handle === undefined) return;
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/**
 * Complete lines of a file, without their newline, one character per byte (so that different bytes never read alike).
 * Of a line over 256 KB comes one byte more than that; the rest is skipped. What follows the last newline is left out.
 */
export async function* readLines(path: string, skipLines = 0): AsyncGenerator<string> {
  let line = "";
  let skip = skipLines;
  const add = (piece: Buffer) => {
    if (skip === 0) line += piece.toString("latin1", 0, Math.min(piece.length, MAX_LINE_BYTES + 1 - line.length));
  };
  for await (const chunk of chunks(path)) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, end));
      from = end + 1;
      if (skip > 0) skip -= 1;
      else {
        yield line;
        line = "";
      }
    }
    add(chunk.subarray(from));
  }
}

/** How many complete lines a file has, and the sizes in bytes of those and of the torn rest behind them. */
export async function measureLines(path: string): Promise<{ lines: number; endBytes: number; tornBytes: number }> {
  let lines = 0;
  let endBytes = 0;
  let at = 0;
  for await (const chunk of chunks(path)) {
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, end + 1)) {
      lines += 1;
      endBytes = at + end + 1;
    }
    at += chunk.length;
  }
  return { lines, endBytes, tornBytes: at - endBytes };
}

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Io } from "../io.js";
import { run } from "../program.js";

/** What one command line left. */
export interface Left {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** A folder of its own to run command lines in. */
export function bench(env: Readonly<Record<string, string>> = {}, confirm?: Io["confirm"]) {
  const cwd = mkdtempSync(join(tmpdir(), "seb-cli-"));
  const seb = async (...argv: string[]): Promise<Left> => {
    let out = "";
    let err = "";
    const io = {
      cwd,
      env,
      nowMs: () => Date.now(),
      elapsedMs: () => 0,
      colour: false,
      ...(confirm === undefined ? {} : { confirm }),
      out: (text: string) => {
        out += text;
      },
      err: (text: string) => {
        err += text;
      },
    };
    const exit = await run(argv, io);
    return { exit, out, err };
  };
  const json = async (
    ...argv: string[]
  ): Promise<{ readonly exit: number; readonly value: Record<string, unknown> }> => {
    const left = await seb(...argv, "--json");
    return { exit: left.exit, value: JSON.parse(left.out) };
  };
  return { cwd, path: (...parts: string[]) => join(cwd, ...parts), seb, json };
}

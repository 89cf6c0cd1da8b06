import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { ROOT, VERIFY_RECORDS_MAIN } from "./build.js";

/** What the verifier says of one writer's chain. */
export interface ChainReport {
  readonly writer: string;
  readonly records: number;
  readonly verdict: "verified" | "tail_not_proved" | "broken";
  readonly provedTo?: { readonly seq: number };
  readonly problems: readonly { readonly line: number; readonly seq: number; readonly what: string }[];
}
export interface Report {
  readonly verdict: ChainReport["verdict"];
  readonly chains: readonly ChainReport[];
}

/** The build's verifier of record chains, kept running. */
export interface RecordVerifier {
  verify(folders: { readonly records: string; readonly heads: string }): Promise<Report>;
  close(): void;
}

/** Starts the verifier over the trust file of a dev folder. */
export function startRecordVerifier(seb: string): RecordVerifier {
  const child = spawn(process.execPath, [VERIFY_RECORDS_MAIN, seb], {
    env: { PATH: process.env.PATH, SEB_ROOT: ROOT },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    errors += chunk;
  });
  const waiting: { resolve(report: Report): void; reject(error: Error): void }[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.resolve(JSON.parse(line)));
  child.on("exit", (code) => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`the verifier ended with ${code}: ${errors}`));
  });
  return {
    verify: (folders) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${JSON.stringify(folders)}\n`);
      }),
    close: () => child.kill(),
  };
}

import { request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";

/** PEM texts by which an `https://` endpoint is believed, and what is shown to it; without `ca`, the system's authorities. */
export interface MonitorTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What `/jsz` says of one stream, as far as it is plain data. */
export interface StreamFacts {
  readonly config: Readonly<Record<string, unknown>>;
  /** Size of what it holds, in bytes. */
  readonly bytes: number;
}

/** What the monitoring endpoints of all servers say together. */
export interface MonitorFacts {
  /** True when every server acknowledges a message only when it is on the disk. */
  readonly syncAlways: boolean;
  /** Streams of the account, by name. */
  readonly streams: ReadonlyMap<string, StreamFacts>;
}

const TIMEOUT_MS = 2000;
const MAX_BYTES = 16_000_000;

type Members = Readonly<Record<string, unknown>>;

function membersOf(value: unknown): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function factsOf(jsz: unknown, account: string): MonitorFacts {
  const { config, account_details } = membersOf(jsz);
  const details = listOf(account_details)
    .map(membersOf)
    .filter(({ name }) => name === account)
    .flatMap(({ stream_detail }) => listOf(stream_detail).map(membersOf));
  const streams = new Map<string, StreamFacts>();
  for (const { name, config: of, state } of details) {
    const { bytes } = membersOf(state);
    if (typeof name === "string") streams.set(name, { config: membersOf(of), bytes: Number(bytes ?? 0) });
  }
  return { syncAlways: membersOf(config).sync_always === true, streams };
}

/** The body of an answer with status 200. No redirect is followed, and no connection is kept. @throws when there is none in time. */
function bodyOf(url: string, tls: MonitorTls): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) } as const;
    const call = url.startsWith("https:") ? secureRequest(url, { ...options, ...tls }) : plainRequest(url, options);
    call.once("error", reject);
    call.once("response", (answer) => {
      const parts: Buffer[] = [];
      let size = 0;
      answer.once("error", reject);
      answer.once("end", () => resolve(Buffer.concat(parts).toString("utf8")));
      answer.on("data", (part: Buffer) => {
        size += part.length;
        if (size > MAX_BYTES) answer.destroy(new Error("too long"));
        else parts.push(part);
      });
      if (answer.statusCode !== 200) answer.destroy(new Error(`status ${answer.statusCode}`));
    });
    call.end();
  });
}

async function askOne(base: string, account: string, tls: MonitorTls): Promise<MonitorFacts | undefined> {
  const query = new URLSearchParams({ acc: account, streams: "true", config: "true" });
  try {
    // Not by the strict reader: the server reports "unlimited" as 2^64 - 1. Nothing of this is signed or passed on.
    const jsz: unknown = JSON.parse(await bodyOf(`${base}/jsz?${query}`, tls));
    return factsOf(jsz, account);
  } catch {
    return undefined;
  }
}

/** Asks every server; undefined when one does not answer, since it may be the one that is set weaker. */
export async function askMonitors(
  bases: readonly string[],
  account: string,
  tls: MonitorTls = {},
): Promise<MonitorFacts | undefined> {
  if (bases.length === 0) return undefined;
  const answers = await Promise.all(bases.map((base) => askOne(base, account, tls)));
  const streams = new Map<string, StreamFacts>();
  for (const answer of answers) {
    if (answer === undefined) return undefined;
    for (const [name, facts] of answer.streams) streams.set(name, facts);
  }
  return { syncAlways: answers.every((answer) => answer?.syncAlways === true), streams };
}

import { type DestinationStream, destination, type Logger, pino } from "pino";

/** Structured log of one service: JSON lines. */
export type Log = Logger;

export interface LogOptions {
  /** Name of the service, a field of every line. */
  readonly name: string;
  /** Default `info`; `silent` writes nothing. */
  readonly level?: "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";
  /** Where lines go; default standard error. */
  readonly stream?: DestinationStream;
}

const SECRET_FIELDS = [
  "authorization",
  "dpop",
  "token",
  "certificate",
  "proof",
  "jwk",
  "headers",
  "credential",
  "secret",
];

/** Anything that looks like a compact JWS, whole or cut: a last net under the rule that no token reaches a message. */
const TOKEN = /eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}/g;
/** A private member of a JWK inside a JSON line, escaped or not. */
const PRIVATE_MEMBER = /(\\?"d\\?":\s*\\?")[A-Za-z0-9_-]{16,}/g;

/** Replaces tokens and private key members in a line of text. */
export function maskSecrets(line: string): string {
  return line.replace(TOKEN, "[token]").replace(PRIVATE_MEMBER, "$1[secret]");
}

const lossLine = (name: string, lost: number) =>
  `${JSON.stringify({ level: 40, time: Date.now(), name, lost, msg: "log lines were lost" })}\n`;

/**
 * Creates a log whose lines are masked before they leave the process. A line that cannot be written (a full disk, a closed pipe)
 * is lost and counted; the next one that can be written is preceded by a line with the number of lost ones.
 */
export function createLog({ name, level = "info", stream }: LogOptions): Log {
  const sink = stream ?? destination({ fd: 2, sync: true });
  const redact = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]);
  let lost = 0;
  const write = (line: string): void => {
    try {
      if (lost > 0) sink.write(lossLine(name, lost));
      lost = 0;
      sink.write(maskSecrets(line));
    } catch {
      // No request may fail, and no answer go missing, because of a log.
      lost += 1;
    }
  };
  return pino({ name, level, redact: { paths: redact, censor: "[secret]" }, base: { name } }, { write });
}

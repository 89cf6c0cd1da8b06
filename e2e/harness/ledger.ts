import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { payloadOf } from "./json.js";

/** One record of a service, as it stands in its file; the signature is `seb audit verify`'s business. */
export interface LedgerRecord {
  readonly writer: string;
  readonly boot: number;
  readonly seq: number;
  readonly at_ms: number;
  readonly kind: string;
  readonly body: Record<string, unknown>;
}

/** The records of the services, read from their files. */
export interface Ledger {
  of(service: "signer" | "broker" | "revocation"): readonly LedgerRecord[];
  /** The file that holds a service's chain. */
  path(service: "signer" | "broker" | "revocation"): string;
  /** Records of a kind whose body has these members. */
  find(
    service: "signer" | "broker" | "revocation",
    kind: string,
    members?: Record<string, unknown>,
  ): readonly LedgerRecord[];
}

/** The records that stand in a chain's file. Behind the last newline stands what is just being written, or what a crash has torn. */
export function recordsIn(file: string): LedgerRecord[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => payloadOf(line) as unknown as LedgerRecord);
}

export function createLedger(seb: string): Ledger {
  const path = (service: string) => {
    const folder = join(seb, service, "records");
    const chains = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".jsonl")) : [];
    // A second broker's chain may be copied beside the first one's.
    const name = chains.find((file) => file === `${service}-1.jsonl`) ?? chains[0];
    return join(folder, name ?? "none");
  };
  const of = (service: string) => recordsIn(path(service));
  return {
    of,
    path,
    find: (service, kind, members = {}) =>
      of(service).filter(
        (record) =>
          record.kind === kind &&
          Object.entries(members).every(([name, value]) => JSON.stringify(record.body[name]) === JSON.stringify(value)),
      ),
  };
}

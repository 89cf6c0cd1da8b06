import { digestBytes } from "@seb/canonical";
import { RecordClaims, validate } from "@seb/schema";
import { gate } from "@seb/verify-core";
import type { Head, RecordSource } from "./port.js";
import { GENESIS, RECORD_TYP } from "./record-line.js";

/** Reads a chain up to `end`, whose digest proves every line before it; throws when the lines are not those. */
export async function* readHistory(sink: RecordSource, end: Head) {
  let prev = GENESIS;
  let next = 0;
  for await (const line of sink.read(end.writer)) {
    if (next > end.seq) break;
    const gated = gate(line, RECORD_TYP);
    const claims = gated.ok ? validate(RecordClaims, gated.value.payload, "records_broken") : gated;
    if (!claims.ok || claims.value.seq !== next || claims.value.prev !== prev) break;
    prev = digestBytes(line);
    next += 1;
    const { kind, seq, boot, at_ms, body } = claims.value;
    yield { kind, seq, boot, at_ms, body, line };
  }
  if (prev !== end.digest)
    throw new Error(`records of ${end.writer} changed since they were verified: position ${next}`);
}

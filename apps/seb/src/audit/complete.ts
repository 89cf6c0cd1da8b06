import { type ChainReport, lineVerifier, type RecordSource, verifyChains } from "@seb/records";
import { fail, ok, type RecordClaims, type Result } from "@seb/schema";
import type { Trust } from "@seb/verify-core";
import type { Place } from "./places.js";

/** A chain whose end nothing proves: no head of it was copied, so a cut would not be seen. */
export interface Unproved {
  readonly writer: string;
  readonly place: string;
}

/** Records of a chain whose kinds this version does not know: they were passed over. */
export interface UnknownKinds {
  readonly writer: string;
  readonly kinds: Readonly<Record<string, number>>;
}

/** What a person is told of them. */
export function unknownKindsNote(writer: string, kinds: UnknownKinds["kinds"]): string {
  const named = Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`);
  return `${writer} holds records of kinds that this version does not know, which were passed over: ${named.join(", ")}`;
}

/** Reads the verified records of a source in their order while its chains are examined: both see the same lines, once. */
function reader(trust: Trust, take: (claims: RecordClaims) => void) {
  const verify = lineVerifier(trust);
  let taken: Promise<void> = Promise.resolve();
  return {
    verifyLine(line: string) {
      const verified = verify(line);
      taken = taken.then(async () => {
        const record = await verified;
        if (record.ok) take(record.value.claims);
      });
      return verified;
    },
    /** Resolves when everything that was read has been taken. */
    settled: () => taken,
  };
}

interface Taken {
  readonly unproved: readonly Unproved[];
  readonly unknownKinds: readonly UnknownKinds[];
}

function brokenAt(place: Place, { writer, problems: [problem] }: ChainReport) {
  const { line = 1, seq = 0, what = "missing", pointer } = problem ?? {};
  const member = pointer === undefined ? "" : ` at ${pointer || "/"}`;
  const detail = `the chain of ${writer} is broken at line ${line}: ${what}${member} (${place.chain(writer)})`;
  return fail("records_broken", detail, { facts: { writer, line, seq, what } });
}

/**
 * Hands every record of a place to `take`, if an answer from them can be complete: the chains hold together, nothing that a copied
 * head names is missing, and there is at least one chain. What lies behind the last head of a running chain counts as it stands.
 *
 * @returns the chains of a place whose heads nobody named, and the kinds that were passed over. `records_broken` and `records_tail_unproved` mean that what was taken is worth nothing.
 */
export async function takeRecords(
  place: Place,
  trust: Trust,
  take: (claims: RecordClaims) => void,
): Promise<Result<Taken, "records_broken" | "records_tail_unproved">> {
  const sink: RecordSource = place.source;
  const { verifyLine, settled } = reader(trust, take);
  const { heads } = place;
  const { chains } = await verifyChains({ sink, trust, verifyLine, ...(heads === undefined ? {} : { heads }) });
  await settled();
  const broken = chains.find(({ verdict }) => verdict === "broken");
  if (broken !== undefined) return brokenAt(place, broken);
  if (chains.length === 0) {
    const detail = `${place.name} holds no chain: what was there may have been taken away`;
    return fail("records_tail_unproved", detail, { facts: { place: place.name } });
  }
  const unproved = chains.filter(({ provedTo }) => provedTo === undefined);
  const [first] = unproved;
  if (heads !== undefined && first !== undefined) {
    const detail = `no head of ${first.writer} is in its second place, so a cut at its end would not be seen`;
    return fail("records_tail_unproved", detail, { facts: { writer: first.writer, place: place.name } });
  }
  return ok({
    unproved: unproved.map(({ writer }) => ({ writer, place: place.name })),
    unknownKinds: chains.flatMap(({ writer, unknownKinds: kinds }) =>
      Object.keys(kinds).length === 0 ? [] : [{ writer, kinds }],
    ),
  });
}

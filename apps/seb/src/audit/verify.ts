import { type ChainReport, type Problem, type UnclosedBoot, type Verdict, verifyChains } from "@seb/records";
import { CODES } from "@seb/schema";
import type { Invocation } from "../command.js";
import { type Outcome, refused } from "../outcome.js";
import { loadTrust } from "../trust-file.js";
import { unknownKindsNote } from "./complete.js";
import { placesOf } from "./places.js";

/** A chain's report with the place it was read from. */
interface FileReport extends ChainReport {
  readonly file: string;
}

const CODE_OF = { broken: "records_broken", tail_not_proved: "records_tail_unproved" } as const;

function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("broken")) return "broken";
  return verdicts.length > 0 && verdicts.every((verdict) => verdict === "verified") ? "verified" : "tail_not_proved";
}

function problemLine(file: string, { line, seq, what, code, pointer }: Problem): string {
  const member = pointer === undefined ? "" : ` at ${pointer || "/"}`;
  return `    ${file}: line ${line}, record ${seq}: ${what}${member}${code === undefined ? "" : ` (${code})`}\n`;
}

function unclosedLine(file: string, { boot, line, seq }: UnclosedBoot): string {
  return `    ${file}: line ${line}, boot ${boot} was not closed: not proved behind record ${seq}\n`;
}

function chainLines(chain: FileReport): string {
  const { writer, verdict, records, problems, problemCount, unclosedBoots, unclosedBootCount, unknownKinds, file } =
    chain;
  const unclosed = unclosedBoots.map((boot) => unclosedLine(file, boot)).join("");
  const others = unclosedBootCount - unclosedBoots.length;
  const moreBoots = others > 0 ? `    and ${others} more boots that were not closed\n` : "";
  const shown = problems.map((problem) => problemLine(file, problem)).join("");
  const more = problemCount > problems.length ? `    and ${problemCount - problems.length} more\n` : "";
  const passedOver = Object.keys(unknownKinds).length === 0 ? "" : `    ${unknownKindsNote(writer, unknownKinds)}\n`;
  return `  ${writer}: ${verdict}, ${records} records${tailNote(chain)}\n${passedOver}${shown}${more}${unclosed}${moreBoots}`;
}

/** What the copied heads prove of a sound chain that was not closed, or not each time. */
function tailNote({ verdict, records, provedTo, endProved }: FileReport): string {
  if (verdict !== "tail_not_proved") return "";
  if (endProved) return "; the end is proved, but a writer that crashed may have written more before";
  if (provedTo === undefined) return "; no head was copied, so a cut at the end would not be seen";
  const behind = records - 1 - provedTo.seq;
  const proved = `; verified up to record ${provedTo.seq}, the last copied head`;
  return behind > 0
    ? `${proved}; ${behind} behind it are not proved yet`
    : `${proved}; the writer has not closed its chain`;
}

/** A chain that goes on being written: proved up to a copied head, and only its last boot is open. */
const provedSoFar = ({ verdict, provedTo, unclosedBootCount }: FileReport) =>
  verdict === "verified" || (verdict === "tail_not_proved" && provedTo !== undefined && unclosedBootCount === 0);

const RUNNING_REMEDY =
  "While the services run, use seb audit verify --running; when they are stopped, compare with another copy of the records.";

/** `seb audit verify`: 0 verified; 1 broken, or the tail not proved. */
export async function auditVerify(invocation: Invocation): Promise<Outcome> {
  const { settings, flags, io } = invocation;
  const trust = await loadTrust(settings, io.nowMs());
  if (!trust.ok) return refused(trust.error);
  const places = await placesOf(invocation);
  if (!places.ok) return refused(places.error);
  const chains: FileReport[] = [];
  const empty: string[] = [];
  for (const { name, chain: chainAt, source, heads, close } of places.value) {
    const report = await verifyChains({ sink: source, trust: trust.value, ...(heads === undefined ? {} : { heads }) });
    // A place without chains and heads proves nothing: what it held may have been taken away whole.
    if (report.chains.length === 0) empty.push(name);
    chains.push(...report.chains.map((chain) => ({ ...chain, file: chainAt(chain.writer) })));
    await close();
  }
  const verdict = worst([...chains.map((chain) => chain.verdict), ...empty.map(() => "tail_not_proved" as const)]);
  const provable = chains.length > 0 && empty.length === 0;
  const runs = provable && chains.every(provedSoFar);
  const accepted = verdict === "verified" || (flags.running === true && runs);
  const code = verdict === "verified" ? undefined : CODE_OF[verdict];
  const remedy = code === undefined || accepted ? undefined : runs ? RUNNING_REMEDY : CODES[code].remedy;
  const why = code === undefined || remedy === undefined ? "" : `${code}: ${CODES[code].title}\n  remedy: ${remedy}\n`;
  return {
    exit: accepted ? 0 : 1,
    json: {
      ok: accepted,
      verdict,
      ...(code === undefined ? {} : { code }),
      ...(remedy === undefined ? {} : { remedy }),
      chains,
      empty,
    },
    text: `${verdict}\n${chains.map(chainLines).join("")}${empty.map((name) => `  ${name}: no chain\n`).join("")}${why}`,
  };
}

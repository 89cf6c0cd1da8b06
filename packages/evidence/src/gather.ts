import type { Json } from "@seb/canonical";
import { within } from "@seb/concurrency";
import { type EvidenceFacts, facts } from "@seb/schema";
import { attestation } from "./attestation.js";
import { liveState } from "./live-state.js";
import type { EvidenceInput, EvidenceProvider, Finding } from "./provider.js";
import { assessRisk, type Risk } from "./risk.js";
import { deployWindow } from "./window.js";

/** The providers that every signer asks; they need no settings. */
export const BUILT_IN: readonly EvidenceProvider[] = [attestation, deployWindow, liveState];

/** All that was found. */
export interface Evidence {
  /** What counts of what the providers established, and the risk that follows from it. */
  readonly facts: EvidenceFacts & { readonly risk: number };
  readonly reasons: readonly string[];
  /** By provider, for the stored evidence. */
  readonly details: Readonly<Record<string, Json>>;
}

const MAX_REASONS = 48;

const absent = (name: string, why: string): Finding => ({
  facts: {},
  reasons: [`${name}: ${why}`],
  detail: { absent: why },
});

async function ask(provider: EvidenceProvider, input: EvidenceInput, deadlineMs: number): Promise<Finding> {
  try {
    const found = await within(async (signal) => provider.gather(input, signal), deadlineMs);
    return found.ok ? found.value : absent(provider.name, "not gathered in time");
  } catch {
    return absent(provider.name, "could not be gathered");
  }
}

/** A provider speaks of what it declared, and of nothing else. */
function declared({ establishes }: EvidenceProvider, finding: Finding): Partial<EvidenceFacts> {
  const names: readonly string[] = establishes;
  return Object.fromEntries(Object.entries(finding.facts).filter(([name]) => names.includes(name)));
}

/**
 * Asks every provider at once and waits at most the thresholds' `evidence_deadline_ms`. Missing, late and unverifiable evidence is
 * absent; when two providers speak of one fact, the worse counts.
 *
 * @param tier consequence tier, which the risk counts.
 */
export async function gatherEvidence(
  providers: readonly EvidenceProvider[],
  input: EvidenceInput,
  tier: number,
): Promise<Evidence> {
  const deadlineMs = input.bundle.thresholds.evidence_deadline_ms;
  const gathered = await Promise.all(
    providers.map(async (provider) => {
      const finding = await ask(provider, input, deadlineMs);
      return { name: provider.name, finding, facts: declared(provider, finding) };
    }),
  );
  const found = facts.combineEvidence(gathered.map((it) => it.facts));
  const risk = assessRisk(input, found, tier);
  return {
    facts: { ...found, risk: risk.score },
    reasons: gathered.flatMap(({ finding }) => finding.reasons).slice(0, MAX_REASONS),
    details: {
      ...Object.fromEntries(gathered.map(({ name, finding }) => [name, finding.detail])),
      risk: riskDetail(risk),
    },
  };
}

const riskDetail = ({ score, parts }: Risk): Json => ({ score, parts: parts.map((part) => ({ ...part })) });

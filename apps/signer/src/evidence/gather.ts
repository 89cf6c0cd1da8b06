import type { Json } from "@seb/canonical";
import { attestation } from "./attestation.js";
import { liveState } from "./live-state.js";
import {
  ABSENT,
  type EvidenceInput,
  type EvidenceProvider,
  type FactValue,
  type Finding,
  type Judged,
} from "./provider.js";
import { assessRisk, type Risk } from "./risk.js";
import { deployWindow } from "./window.js";

/** The built-in sources. */
export const PROVIDERS: readonly EvidenceProvider[] = [attestation, deployWindow, liveState];

/** All that was found, and what the policies see of it. */
export interface Evidence {
  readonly judged: Judged;
  readonly risk: Risk;
  readonly facts: Readonly<Record<string, FactValue>>;
  readonly reasons: readonly string[];
  /** By provider, for the stored evidence. */
  readonly details: Readonly<Record<string, Json>>;
}

const absent = (name: string, why: string): Finding => ({
  judged: {},
  facts: {},
  reasons: [`${name}: ${why}`],
  detail: { absent: why },
});

async function within(provider: EvidenceProvider, input: EvidenceInput, deadlineMs: number): Promise<Finding> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding>((resolve) => {
    timer = setTimeout(() => {
      abort.abort();
      resolve(absent(provider.name, "not gathered in time"));
    }, deadlineMs);
  });
  try {
    const gathering = Promise.resolve(provider.gather(input, abort.signal));
    return await Promise.race([gathering.catch(() => absent(provider.name, "could not be gathered")), late]);
  } catch {
    return absent(provider.name, "could not be gathered");
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Asks every provider at once and waits at most the thresholds' `evidence_deadline_ms`. Missing, late and unverifiable evidence is
 * absent; when two providers speak of the same thing, the worse word counts.
 */
export async function gatherEvidence(
  providers: readonly EvidenceProvider[],
  input: EvidenceInput,
  tier: number,
): Promise<Evidence> {
  const deadlineMs = input.bundle.thresholds.evidence_deadline_ms;
  const findings = await Promise.all(providers.map((provider) => within(provider, input, deadlineMs)));
  const judged = combine(findings.map((finding) => finding.judged));
  const risk = assessRisk(input, judged, tier);
  const facts = Object.assign({}, ...findings.map((finding) => finding.facts), { risk_score: risk.score });
  const details = Object.fromEntries(providers.map(({ name }, at) => [name, findings[at]?.detail ?? null]));
  return {
    judged,
    risk,
    facts,
    reasons: findings.flatMap((finding) => finding.reasons).slice(0, 48),
    details: { ...details, risk: { score: risk.score, parts: risk.parts.map((part) => ({ ...part })) } },
  };
}

/** Where being true is the bad news. */
const BAD: readonly (keyof Judged)[] = ["freeze", "attestation_old"];

function combine(all: readonly Partial<Judged>[]): Judged {
  const worst = (key: keyof Judged): boolean => {
    const said = all.flatMap((one) => (one[key] === undefined ? [] : [one[key]]));
    if (said.length === 0) return ABSENT[key];
    return BAD.includes(key) ? said.some(Boolean) : said.every(Boolean);
  };
  return {
    tests_passed: worst("tests_passed"),
    image_attested: worst("image_attested"),
    window_open: worst("window_open"),
    freeze: worst("freeze"),
    previous_image: worst("previous_image"),
    live_fresh: worst("live_fresh"),
    attestation_old: worst("attestation_old"),
  };
}

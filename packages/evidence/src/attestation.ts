import { base64urlDecode, digestBytes, jwkThumbprint } from "@seb/canonical";
import { CLOCK_SKEW, type RootDefinition } from "@seb/schema";
import { artifactOf } from "./artifact.js";
import { openEnvelope } from "./dsse.js";
import type { EvidenceInput, EvidenceProvider, Finding } from "./provider.js";
import { isAbout, readTestStatement } from "./statement.js";

/** What one envelope established, or why it established nothing. */
type Verdict =
  | { readonly counts: true; readonly passed: boolean; readonly root: string; readonly finishedOnMs: number }
  | { readonly counts: false; readonly reason: string };

const refused = (reason: string): Verdict => ({ counts: false, reason });

function judge(input: EvidenceInput, text: Uint8Array): Verdict {
  const opened = openEnvelope(text, [...input.bundle.roots.values()]);
  if (typeof opened === "string") return refused(opened);
  const unfit = whyRootUnfit(opened.root, input);
  if (unfit !== undefined) return refused(unfit);
  const read = readTestStatement(opened.payload);
  if (!read.ok) return refused(read.error.detail);
  const { statement, result, finishedOnMs } = read.value;
  if (!opened.root.predicate_types.includes(statement.predicateType))
    return refused("the root may not make this kind of statement");
  const artifact = artifactOf(input);
  if (!artifact) return refused("the change names no image that could be attested");
  if (!isAbout(statement, input.service.image_repository, artifact.digest))
    return refused("no subject of the statement is the service's image with the digest in question");
  const ageMs = input.nowMs - finishedOnMs;
  if (ageMs < -CLOCK_SKEW.attestationMs) return refused("the statement is from the future");
  if (ageMs > input.bundle.thresholds.attestation_max_age_seconds * 1000) return refused("the statement is too old");
  return { counts: true, passed: result === "PASSED", root: opened.root.name, finishedOnMs };
}

function whyRootUnfit(root: RootDefinition, input: EvidenceInput): string | undefined {
  if (input.nowMs / 1000 >= root.expires) return "the pinned root has expired";
  if (input.revokedKeys.has(jwkThumbprint(root.jwk))) return "the pinned root is revoked";
  return undefined;
}

function isOld(input: EvidenceInput, counted: readonly { readonly finishedOnMs: number }[]): boolean {
  const newestMs = Math.max(...counted.map(({ finishedOnMs }) => finishedOnMs));
  return !(input.nowMs - newestMs <= input.bundle.thresholds.attestation_max_age_seconds * 500);
}

function gather(input: EvidenceInput): Finding {
  const envelopes = input.items.flatMap((item) => (item.type === "attestation" ? [item.envelope] : []));
  const verdicts = envelopes.map((envelope) => {
    const text = base64urlDecode(envelope);
    const verdict = text ? judge(input, text) : refused("the envelope is not base64url");
    return { envelope: digestBytes(envelope), verdict };
  });
  const counted = verdicts.flatMap(({ verdict }) => (verdict.counts ? [verdict] : []));
  // One verified failure outweighs any number of passes: the agent chooses which statements it sends.
  const passed = counted.length > 0 && counted.every((verdict) => verdict.passed);
  const reasons = verdicts.flatMap(({ verdict }) => (verdict.counts ? [] : [`attestation: ${verdict.reason}`]));
  if (envelopes.length === 0) reasons.push("attestation: none was given");
  if (counted.length > 0 && !passed) reasons.push("attestation: the tests did not pass");
  return {
    facts: {
      image_attested: counted.length > 0,
      tests_passed: passed,
      attestation_old: isOld(input, counted),
      tests: counted.length === 0 ? "absent" : passed ? "passed" : "failed",
      attested_by: counted[0]?.root ?? null,
    },
    reasons,
    detail: { envelopes: verdicts.map(({ envelope, verdict }) => ({ envelope, ...verdict })) },
  };
}

/**
 * In-toto test results in DSSE envelopes: signed by a pinned root, about the service's own image repository and exactly the digest in
 * question, no older than the thresholds allow.
 */
export const attestation: EvidenceProvider = {
  name: "attestation",
  establishes: ["image_attested", "tests_passed", "attestation_old", "tests", "attested_by"],
  gather: async (input) => gather(input),
};

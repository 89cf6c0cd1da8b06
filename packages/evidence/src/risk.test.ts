import { describe, expect, it } from "@jest/globals";
import { type EvidenceFacts, facts } from "@seb/schema";
import fc from "fast-check";
import { exampleInput, IMAGE, RUNNING } from "../testing/input.js";
import type { EvidenceInput } from "./provider.js";
import { assessRisk } from "./risk.js";

const ABSENT = facts.absentEvidence();
const GOOD: EvidenceFacts = {
  ...ABSENT,
  tests_passed: true,
  image_attested: true,
  window_open: true,
  freeze: false,
  previous_image: false,
  live_fresh: true,
  attestation_old: false,
};
const base: EvidenceInput = exampleInput({
  "policy/thresholds.yaml": (text) => text.replace("risk_weights:", "risk_weights:\n  recent_denials: 5"),
});

const factors = (over: Partial<EvidenceInput>, judged: Partial<EvidenceFacts> = {}, tier = 1) => {
  const { score, parts } = assessRisk({ ...base, ...over }, { ...GOOD, ...judged }, tier);
  return { score, names: parts.map(({ factor }) => factor) };
};
const scope = (max_replicas: number, image_digest = IMAGE) => ({ scope: { image_digest, max_replicas } });

describe("risk", () => {
  it("is nothing when nothing changes", () => {
    expect(factors(scope(8, RUNNING))).toEqual({ score: 0, names: [] });
  });

  it("names each factor and adds its weight", () => {
    expect(factors(scope(8))).toEqual({ score: 10, names: ["image_changed"] });
    expect(factors(scope(9))).toEqual({ score: 20, names: ["image_changed", "replicas_raised"] });
    expect(factors(scope(17, RUNNING))).toEqual({ score: 25, names: ["replicas_raised", "replicas_doubled"] });
    expect(factors(scope(8, RUNNING), {}, 2)).toEqual({ score: 25, names: ["tier_high"] });
    expect(factors(scope(8, RUNNING), {}, 3)).toEqual({ score: 60, names: ["tier_critical"] });
    expect(factors(scope(8, RUNNING), { freeze: true })).toEqual({ score: 20, names: ["outside_window"] });
    expect(factors(scope(8, RUNNING), { attestation_old: true })).toEqual({ score: 10, names: ["attestation_old"] });
    expect(factors({ ...scope(8, RUNNING), recentDenials: 9 })).toEqual({ score: 15, names: ["recent_denials"] });
  });

  it("takes what nobody observed for a change", () => {
    const state = { ...base.observation.state, values: {} };
    const observation = { ...base.observation, state };
    expect(factors({ ...scope(1), observation }).names).toEqual([
      "image_changed",
      "replicas_raised",
      "replicas_doubled",
    ]);
  });

  it("stays within 0 and 100, and absent evidence is never less than any other", () => {
    const judged = fc.record({
      tests_passed: fc.boolean(),
      image_attested: fc.boolean(),
      window_open: fc.boolean(),
      freeze: fc.boolean(),
      previous_image: fc.boolean(),
      live_fresh: fc.boolean(),
      attestation_old: fc.boolean(),
    });
    fc.assert(
      fc.property(judged, fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 50 }), (it, tier, replicas) => {
        const { score } = factors(scope(replicas), it, tier);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(factors(scope(replicas), ABSENT, tier).score);
        expect(score).toBeLessThanOrEqual(100);
      }),
      { numRuns: 100 },
    );
  });
});

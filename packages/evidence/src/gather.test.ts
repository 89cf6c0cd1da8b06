import { describe, expect, it } from "@jest/globals";
import { type EvidenceFacts, facts } from "@seb/schema";
import { exampleInput } from "../testing/input.js";
import { gatherEvidence } from "./gather.js";
import type { EvidenceProvider, Finding } from "./provider.js";

const input = exampleInput({
  "policy/thresholds.yaml": (text) => text.replace(/evidence_deadline_ms: \d+/, "evidence_deadline_ms: 50"),
});

/** A provider that declares and says what a test wants. */
function provider(
  name: string,
  says: Finding["facts"],
  establishes?: EvidenceProvider["establishes"],
): EvidenceProvider {
  return {
    name,
    establishes: establishes ?? (Object.keys(says) as (keyof EvidenceFacts)[]),
    gather: async () => ({ facts: says, reasons: [], detail: { says: name } }),
  };
}
const gathered = async (...providers: readonly EvidenceProvider[]) => (await gatherEvidence(providers, input, 1)).facts;

describe("gathering", () => {
  it("without providers is absent evidence, and the risk says so", async () => {
    const found = await gathered();
    expect(found).toMatchObject(facts.absentEvidence());
    // outside_window 20, tests_missing 40, attestation_missing 40 and live_state_missing 40 alone pass 100.
    expect(found.risk).toBe(100);
  });

  it("lets the worse of two providers count, whichever speaks first", async () => {
    const good = provider("one", { tests_passed: true, freeze: false, tests: "passed", attested_by: "ci" });
    const bad = provider("two", { tests_passed: false, freeze: true, tests: "failed", attested_by: "ci" });
    const worst = { tests_passed: false, freeze: true, tests: "failed", attested_by: "ci" };
    expect(await gathered(good, bad)).toMatchObject(worst);
    expect(await gathered(bad, good)).toMatchObject(worst);
    expect(await gathered(good, good)).toMatchObject({ tests_passed: true, freeze: false, tests: "passed" });
  });

  it("takes texts that differ, and values of another type, for absent", async () => {
    const one = provider("one", { attested_by: "ci", tests: "passed" });
    expect(await gathered(one, provider("two", { attested_by: "other" }))).toMatchObject({ attested_by: null });
    const says: Finding["facts"] = JSON.parse('{"tests_passed":"true","freeze":0,"tests":"fine"}');
    const foreign = provider("foreign", says);
    expect(await gathered(foreign)).toMatchObject({ tests_passed: false, freeze: true, tests: "absent" });
  });

  it("does not hear a provider on a fact that it did not declare", async () => {
    const loud = provider("loud", { tests_passed: true, image_attested: true }, ["image_attested"]);
    expect(await gathered(loud)).toMatchObject({ tests_passed: false, image_attested: true });
  });

  it.each<[string, string, EvidenceProvider["gather"]]>([
    ["is late", "not gathered in time", () => new Promise<never>(() => undefined)],
    ["rejects", "could not be gathered", () => Promise.reject(new Error("down"))],
    [
      "throws",
      "could not be gathered",
      () => {
        throw new Error("down");
      },
    ],
  ])("goes on without a provider that %s", async (_what, why, gather) => {
    const dead: EvidenceProvider = { name: "dead", establishes: ["window_open"], gather };
    const evidence = await gatherEvidence([dead, provider("live", { live_fresh: true })], input, 1);
    expect(evidence.facts).toMatchObject({ window_open: false, live_fresh: true });
    expect(evidence.reasons).toEqual([`dead: ${why}`]);
    expect(evidence.details).toMatchObject({ dead: { absent: why }, live: { says: "live" } });
  });

  it("tells a late provider by its signal", async () => {
    let told = false;
    const slow: EvidenceProvider = {
      name: "slow",
      establishes: ["window_open"],
      gather: (_input, signal) =>
        new Promise<never>(() => signal.addEventListener("abort", () => (told = true), { once: true })),
    };
    await gatherEvidence([slow], input, 1);
    expect(told).toBe(true);
  });
});

import { artifactOf } from "./artifact.js";
import type { EvidenceInput, EvidenceProvider, Finding } from "./provider.js";

/** Is the requested image the one that ran before the present one, by the broker's own word? */
function isPreviousImage(input: EvidenceInput): boolean {
  const artifact = artifactOf(input);
  const { values, previous } = input.observation.state;
  if (!artifact || !Object.hasOwn(input.definition.parameters, "image_digest")) return false;
  return Object.hasOwn(previous, "image") && previous.image === artifact.image && values.image !== artifact.image;
}

function gather(input: EvidenceInput): Finding {
  const { iat, exp, state } = input.observation;
  const nowSeconds = input.nowMs / 1000;
  const fresh = nowSeconds < exp;
  const previous = isPreviousImage(input);
  return {
    facts: { live_fresh: fresh, previous_image: previous, target_version: state.version },
    reasons: fresh ? [] : ["live_state: the observation has expired"],
    detail: { observed_at: iat, uid: state.uid, version: state.version, previous_image: previous, fresh },
  };
}

/** The target's state as the broker observed and signed it: the signer itself never reaches production. */
export const liveState: EvidenceProvider = {
  name: "live_state",
  establishes: ["live_fresh", "previous_image", "target_version"],
  gather: async (input) => gather(input),
};

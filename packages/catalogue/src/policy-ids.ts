import type { Bundle } from "./bundle-contents.js";

const POLICY_ID = /@id\s*\(\s*"([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)"\s*\)/g;

/**
 * Ids (`@id("...")`) in a bundle's Cedar text, sorted. Found by spelling, without an engine: an id in a comment counts too. That is on the
 * safe side for both uses: an epoch raised without need only makes certificates be asked for again, and a certificate that names an id
 * of a comment is still under that id's revocations and epochs.
 */
export function policyIds(bundle: Pick<Bundle, "policies">): readonly string[] {
  const found = bundle.policies.flatMap(({ text }) => [...text.matchAll(POLICY_ID)].map((match) => match[1] ?? ""));
  return [...new Set(found)].sort();
}

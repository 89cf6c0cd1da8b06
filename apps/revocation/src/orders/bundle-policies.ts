import { type Bundle, openBundle, policyIds } from "@seb/catalogue";
import { fail, ok, type Result } from "@seb/schema";
import type { BundleStore } from "../ports.js";

/** Reads and opens a bundle that is about to be activated. */
export async function readBundle(
  bundles: BundleStore,
  digest: string,
): Promise<Result<Bundle, "bundle_unknown" | "bundle_invalid" | "store_unavailable">> {
  let text: string | undefined;
  try {
    text = await bundles.get(digest);
  } catch {
    return fail("store_unavailable", "The store of bundles does not answer.");
  }
  if (text === undefined)
    return fail("bundle_unknown", "The bundle is not installed.", { facts: { bundle: digest }, pointer: "/order" });
  const opened = openBundle(text, digest);
  if (opened.ok) return ok(opened.value);
  return fail(opened.error.code, opened.error.detail, { ...opened.error, pointer: "/order" });
}

/** Policies whose epoch an activation raises: those of both bundles. An earlier bundle that cannot be read any more adds none. */
export async function policiesOfBoth(bundles: BundleStore, next: Bundle, before: string | null): Promise<string[]> {
  const earlier = before === null || before === next.digest ? undefined : await readBundle(bundles, before);
  const ids = [...policyIds(next), ...(earlier?.ok ? policyIds(earlier.value) : [])];
  return [...new Set(ids)].sort();
}

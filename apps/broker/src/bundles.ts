import { type Bundle, openBundle } from "@seb/catalogue";
import { createKept } from "@seb/concurrency";
import { fail, type Result } from "@seb/schema";
import type { BundleStore } from "./ports.js";

/** Opened bundles by digest. */
export interface OpenBundles {
  open(digest: string): Promise<Result<Bundle, "bundle_unknown" | "bundle_invalid">>;
}

const KEPT = 16;

/** Opens each bundle once, however many ask for it, and keeps the most recently used; content addressing makes a kept one always right. */
export function createOpenBundles(store: BundleStore): OpenBundles {
  const bundles = createKept<Bundle, "bundle_unknown" | "bundle_invalid">({
    max: KEPT,
    async make(digest) {
      const text = await store.get(digest);
      if (text !== undefined) return openBundle(text, digest);
      return fail("bundle_unknown", "this broker does not hold the bundle", { facts: { bundle: digest } });
    },
  });
  return { open: (digest) => bundles.get(digest) };
}

import { type Bundle, openBundle } from "@seb/catalogue";
import { fail, ok, type Result } from "@seb/schema";
import type { BundleStore } from "./ports.js";

/** Opened bundles by digest. */
export interface OpenBundles {
  open(digest: string): Promise<Result<Bundle, "bundle_unknown" | "bundle_invalid">>;
}

const KEPT = 16;

/** Opens bundles once and keeps the most recently used; content addressing makes a kept one always right. */
export function createOpenBundles(store: BundleStore): OpenBundles {
  const kept = new Map<string, Bundle>();
  return {
    async open(digest) {
      const known = kept.get(digest);
      if (known) {
        kept.delete(digest);
        kept.set(digest, known);
        return ok(known);
      }
      const text = await store.get(digest);
      if (text === undefined)
        return fail("bundle_unknown", "this broker does not hold the bundle", { facts: { bundle: digest } });
      const opened = openBundle(text, digest);
      if (!opened.ok) return opened;
      kept.set(digest, opened.value);
      for (const oldest of kept.keys()) {
        if (kept.size <= KEPT) break;
        kept.delete(oldest);
      }
      return opened;
    },
  };
}

import { type Bundle, openBundle } from "@seb/catalogue";
import { createKept } from "@seb/concurrency";
import { fail, type Result, sentencesOf } from "@seb/schema";
import type { Log } from "@seb/service-kit";
import type { BundleStore } from "./ports.js";

/** Opened bundles by digest. */
export interface OpenBundles {
  open(digest: string): Promise<Result<Bundle, "bundle_unknown" | "bundle_invalid">>;
}

const KEPT = 16;

/** Opens each bundle once, however many ask for it, and keeps the most recently used; content addressing makes a kept one always right. Every mistake of a bundle is logged once, as long as no other one fails. */
export function createOpenBundles(store: BundleStore, log: Pick<Log, "error">): OpenBundles {
  let told = "";
  const bundles = createKept<Bundle, "bundle_unknown" | "bundle_invalid">({
    max: KEPT,
    async make(digest) {
      const text = await store.get(digest);
      if (text !== undefined) return openBundle(text, digest);
      return fail("bundle_unknown", "this broker does not hold the bundle", { facts: { bundle: digest } });
    },
  });
  return {
    async open(digest) {
      const bundle = await bundles.get(digest);
      if (bundle.ok || told === digest) return bundle;
      told = digest;
      log.error({ bundle: digest, mistakes: sentencesOf(bundle.error) }, "a bundle cannot be used");
      return bundle;
    },
  };
}

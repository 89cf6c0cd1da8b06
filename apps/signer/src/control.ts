import { type Bundle, openBundle } from "@seb/catalogue";
import { createKept } from "@seb/concurrency";
import { createPolicyEngine, type PolicyEngine } from "@seb/policy";
import { fail, ok, type Result, sentencesOf } from "@seb/schema";
import type { Log } from "@seb/service-kit";
import type { BundleStore } from "./ports.js";

/** A control bundle, opened, with its policies compiled and their own tests passed. */
export interface Control {
  readonly bundle: Bundle;
  readonly engine: PolicyEngine;
}

/** Opens control bundles by digest. */
export interface ControlReader {
  open(digest: string): Promise<Result<Control, "bundle_invalid">>;
}

const KEPT = 4;

/**
 * Opens a bundle once and keeps the last few: content addressing makes a kept one always right. Failures are tried again; every mistake of
 * a bundle is logged once, as long as no other one fails.
 */
export function createControlReader(store: BundleStore, log: Pick<Log, "error">): ControlReader {
  let told = "";
  const controls = createKept<Control, "bundle_invalid">({
    max: KEPT,
    async make(digest) {
      const text = await store.get(digest);
      if (text === undefined)
        return fail("bundle_invalid", "this signer does not hold the bundle", { facts: { digest } });
      const bundle = openBundle(text, digest);
      if (!bundle.ok) return bundle;
      const engine = createPolicyEngine(bundle.value);
      return engine.ok ? ok({ bundle: bundle.value, engine: engine.value }) : engine;
    },
  });
  return {
    async open(digest) {
      const control = await controls.get(digest);
      if (!control.ok && told !== digest)
        log.error({ bundle: digest, mistakes: sentencesOf(control.error) }, "a bundle cannot be used");
      if (!control.ok) told = digest;
      return control;
    },
  };
}

import { type Bundle, openBundle } from "@seb/catalogue";
import { createPolicyEngine, type PolicyEngine } from "@seb/policy";
import { fail, ok, type Result } from "@seb/schema";
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

/** Opens a bundle once and keeps the last few: content addressing makes a kept one always right. Failures are tried again. */
export function createControlReader(store: BundleStore): ControlReader {
  const kept = new Map<string, Control>();
  const opening = new Map<string, Promise<Result<Control, "bundle_invalid">>>();

  async function read(digest: string): Promise<Result<Control, "bundle_invalid">> {
    const text = await store.get(digest);
    if (text === undefined)
      return fail("bundle_invalid", "this signer does not hold the bundle", { facts: { digest } });
    const bundle = openBundle(text, digest);
    if (!bundle.ok) return bundle;
    const engine = createPolicyEngine(bundle.value);
    if (!engine.ok) return engine;
    const control = { bundle: bundle.value, engine: engine.value };
    kept.set(digest, control);
    for (const oldest of kept.keys()) {
      if (kept.size <= KEPT) break;
      kept.delete(oldest);
    }
    return ok(control);
  }

  return {
    async open(digest) {
      const known = kept.get(digest);
      if (known) return ok(known);
      const pending = opening.get(digest) ?? read(digest).finally(() => opening.delete(digest));
      opening.set(digest, pending);
      return pending;
    },
  };
}

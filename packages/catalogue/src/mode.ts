import type { Bundle } from "./bundle-contents.js";
import { member } from "./definition.js";

/** Whether certificates of an action on a service may execute; the most specific entry of `modes.yaml` counts. */
export function modeOf(bundle: Bundle, action: string, service: string): "enforce" | "shadow" {
  const entry = member(bundle.modes.actions, action);
  return member(entry?.services ?? {}, service) ?? entry?.default ?? bundle.modes.default;
}

import { describe } from "@jest/globals";
import { executing } from "./contract/executing.js";
import { observing } from "./contract/observing.js";
import type { StartRig } from "./contract/rig.js";
import { settling } from "./contract/settling.js";

export { type ProtectionRig, protectionContract, type StartProtection } from "./contract/protecting.js";
export type { ConnectorRig, StartRig } from "./contract/rig.js";

/**
 * The suite that every adapter of the connector port runs against a real target: what `observe`, `open`, `execute`, `recall`, `fence` and
 * `reconcile` promise. Registers jest tests; `start` is called before each of them, `stop` of the rig after it.
 */
export function connectorContract(name: string, start: StartRig): void {
  describe(`connector contract: ${name}`, () => {
    observing(start);
    executing(start);
    settling(start);
  });
}

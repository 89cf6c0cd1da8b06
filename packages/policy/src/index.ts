export type { Permission, PolicyEngine, PolicyInput } from "./decision.js";
export { createPolicyEngine } from "./engine.js";

export { createPolicyEngine, type Permission, type PolicyEngine, type PolicyInput } from "./engine.js";

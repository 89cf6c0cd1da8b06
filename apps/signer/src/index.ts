export { SignerConfig } from "./config.js";
export type { BundleStore, SignerPorts, StepHook } from "./ports.js";
export { createService, type SignerService } from "./service.js";

export { SignerConfig } from "./config.js";
export { PROVIDERS } from "./evidence/gather.js";
export type { EvidenceInput, EvidenceProvider, Finding, Judged } from "./evidence/provider.js";
export { RISK_FACTORS, type RiskFactor } from "./evidence/risk.js";
export type { BundleStore, SignerPorts, StepHook } from "./ports.js";
export { createService, type SignerService } from "./service.js";

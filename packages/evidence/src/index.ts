export { IN_TOTO_PAYLOAD_TYPE, preAuthenticationEncoding } from "./dsse.js";
export { BUILT_IN, type Evidence, gatherEvidence } from "./gather.js";
export type { EvidenceInput, EvidenceProvider, Finding } from "./provider.js";
export { RISK_FACTORS } from "./risk.js";
export { defineSource, type EvidenceSource, openSources, type SettingsPlace } from "./source.js";

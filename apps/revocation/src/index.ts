export { RevocationConfig } from "./config.js";
export type { BundleStore, RevocationPorts } from "./ports.js";
export { createService, type RevocationService } from "./service.js";

export { type Attestation, attest } from "./attest.js";
export type { Hooks } from "./deps.js";
export { DevError } from "./failure.js";
export { type Layout, layoutOf, NAMES, SERVICES, type ServiceName } from "./layout.js";
export { type Dev, type DevOptions, startDev } from "./start-dev.js";

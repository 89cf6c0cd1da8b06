export { BrokerConfig } from "./config.js";
export { type ConnectorPlace, openConnectors } from "./connectors.js";
export type { BrokerPorts, BundleStore, StepHook } from "./ports.js";
export { type BrokerService, createService } from "./service.js";

export { createKubernetesConnector, type KubernetesConnectorOptions } from "./connector.js";
export { createJanitor, type Janitor, type JanitorOptions, type Swept } from "./janitor.js";
export { createKubernetesProtection, type KubernetesProtectionOptions } from "./protection.js";

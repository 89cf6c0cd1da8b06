export { createKubernetesConnector, type KubernetesConnectorOptions } from "./connector.js";

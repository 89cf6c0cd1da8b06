export { createGitConnector, type GitConnectorOptions } from "./connector.js";
export { type GitTarget, readGitTargets } from "./targets.js";

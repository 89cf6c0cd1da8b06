export { createGitConnector, type GitConnectorOptions } from "./connector.js";
export { createGitProtection, type GitProtectionOptions } from "./protection.js";
export { type GitTarget, readGitTargets } from "./targets.js";

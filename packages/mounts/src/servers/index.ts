export {
  checkDeployed,
  type Deployed,
  deploymentOf,
  keyOf,
  pointed,
  readSettings,
  type SettingsFile,
} from "./deployment.js";
export { folderOf } from "./files.js";
export { deciderPorts, openServers, type Servers } from "./open.js";
export { DEPLOYMENT, Path } from "./settings.js";

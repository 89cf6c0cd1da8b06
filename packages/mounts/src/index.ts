export { bundlePath, type FolderBundles, openFolderBundles } from "./bundles.js";
export { exists, readJsonFile, SECRET_MODE, writeWhole } from "./files.js";
export { readMountedKey } from "./key.js";
export { followStatus, type Own, type OwnOptions, openOwn } from "./own.js";
export {
  checkTrustFile,
  holdTrust,
  Pins,
  readPins,
  type TrustHolder,
  type TrustHolderOptions,
} from "./trust.js";

export { GITOPS_PREFIXES } from "./fields.js";
export { kubernetesLanguage } from "./language.js";
export { readLive } from "./live.js";
export { groupOf, isNamespace, MARKER } from "./names.js";
export {
  apiRoot,
  type DeleteOperation,
  type KubernetesOperation,
  type ObjectRef,
  type PatchOperation,
  pathOf,
  readOperation,
  roleNameOf,
} from "./operation.js";
export { CONTAINER, isPointer } from "./pointer.js";
export {
  type Certified,
  CONTAINER_PREFIX,
  certifiedOf,
  FIELD_PREFIX,
  isWord,
  MARKER_KEY,
  readCertified,
  UID_KEY,
  VERSION_KEY,
} from "./precondition.js";
export { type KubernetesEntry, readTarget } from "./target.js";

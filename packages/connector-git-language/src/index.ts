export { gitLanguage } from "./language.js";
export { type GitField, readLive } from "./live.js";
export { isBranch, isOid, isPath, isPointer } from "./names.js";
export { type Edit, type Format, type GitOperation, readOperation } from "./operation.js";
export { certifiedPaths, preconditionOf, readPrecondition } from "./precondition.js";
export { type GitEntry, readTarget } from "./target.js";

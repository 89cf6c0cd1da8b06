export { isObject, kindOf, mistakeAt, unknownMembers } from "./mistakes.js";
export { pointerOf, throughOthers, tokensOf } from "./pointer.js";
export type { ConnectorLanguage, LanguagePlan, LivePlace, Looked } from "./port.js";
export { atTarget, type Named, type Read, readOr, readTargets } from "./targets.js";
export {
  MAX_TEXT,
  type ParameterDefinitions,
  type ReadKind,
  readValue,
  type ScalarValue,
  usesParameter,
} from "./value.js";

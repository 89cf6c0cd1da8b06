export { askGuard } from "./guard.js";
export type {
  Connector,
  ExecuteResult,
  ObserveCode,
  ObserveRequest,
  Reconciled,
  Session,
  SessionRequest,
} from "./port.js";
export {
  type CertifiedPlan,
  type Finding,
  type GuardCode,
  type GuardObject,
  type GuardRequest,
  PROTECTION_PARTS,
  type Protection,
  type ProtectionPart,
  type Rendered,
  type SweepRequest,
  type Swept,
} from "./protection.js";

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

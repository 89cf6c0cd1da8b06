export { admit, checkPin, type TakeEffect } from "./admit.js";
export { apply } from "./apply.js";
export { checkPolicyInView, checkView, type RevocableCertificate, revocableOf, type ViewCode } from "./check-view.js";
export { checkEpochs, epochOf } from "./epochs.js";
export { StatusFloor, type StatusFloorStore } from "./floor.js";
export type * from "./port.js";
export {
  checkRevocations,
  REVOCATION_ORDER,
  type Revocable,
  type RevokedCode,
  revokedValues,
  targetKey,
  targetsNaming,
} from "./standing.js";
export { emptyState, type MutableState, type Remembered, type State, type Takes } from "./state.js";
export { createStatusState, STATUS_MAX_AGE_MS, type StatusReceiver, type StatusStateOptions } from "./status-state.js";
export { type Effect, heldEntry, planTakeOver, planView, planWord } from "./transitions.js";
export { comparePositions, epochsFell, maxEpochs, type Position } from "./view.js";
export { checkVouched, readVouched, type Vouched, type VouchedPorts } from "./vouched.js";

export { admit, checkPin, type TakeEffect } from "./admit.js";
export { apply } from "./apply.js";
export { StatusFloor, type StatusFloorStore } from "./floor.js";
export type * from "./port.js";
export { emptyState, type MutableState, type Remembered, type State, type Takes } from "./state.js";
export { createStatusState, STATUS_MAX_AGE_MS, type StatusReceiver, type StatusStateOptions } from "./status-state.js";
export { type Effect, heldEntry, planTakeOver, planView, planWord } from "./transitions.js";
export {
  checkEpochs,
  checkRevocations,
  checkView,
  comparePositions,
  coversResource,
  epochOf,
  epochsFell,
  maxEpochs,
  type Position,
  type RevokedCode,
  type ViewQuestion,
} from "./view.js";

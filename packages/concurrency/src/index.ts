export { createDeadline, type Deadline, endsWithin, within } from "./deadline.js";
export { createKept, type Kept } from "./kept.js";
export { createLocks, type Locks, Mutex } from "./mutex.js";

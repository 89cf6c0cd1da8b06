import type { Recorded } from "@seb/records";
import type { ExecutionAnswer, Operation } from "@seb/schema";
import type { Checked } from "../admission/subject.js";
import type { Running } from "./open.js";

/** An execution that was taken and whose decision is durable: nothing can be sent without one. */
export interface Decided {
  readonly record: Recorded<"decision">;
  readonly checked: Checked;
  readonly operation: Operation;
  readonly running: Running;
  readonly answer: ExecutionAnswer;
}

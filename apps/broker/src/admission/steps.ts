import { trace } from "@opentelemetry/api";
import type { AdmissionStep } from "@seb/schema";
import * as kit from "@seb/service-kit";
import type { Broker } from "../broker.js";

/** One row of the trace that a record or a verification shows. */
export type TraceRow = kit.StepRow<AdmissionStep>;
/** Runs one step of admission. */
export type Step = kit.Step<AdmissionStep>;
/** How a list of steps of admission ended. */
export type StepsResult<T> = kit.StepsResult<AdmissionStep, T>;

export interface StepContext {
  readonly broker: Pick<Broker, "clock" | "hook" | "log" | "metrics">;
  readonly timeoutMs: number;
  readonly requestId: string;
  /** Known once the claims are verified; failpoints use it. */
  certId?: string | undefined;
  readonly trace: TraceRow[];
}

const tracer = trace.getTracer("seb.broker");

/** Makes the `step` of one request: each step leaves a row, a span and a metric. */
export function createStep(context: StepContext): Step {
  const { broker } = context;
  const { hook, metrics } = broker;
  return kit.createStep<AdmissionStep>({
    requestId: context.requestId,
    timeoutMs: context.timeoutMs,
    clock: broker.clock,
    log: broker.log,
    hook: hook && ((name, run) => hook(name, context.certId, run)),
    observe(name) {
      const span = tracer.startSpan(`seb.${name}`);
      return (row) => {
        context.trace.push(row);
        span.setAttribute("seb.code", row.code ?? "ok");
        span.end();
        metrics.step(name, row.code ?? "ok", row.ms);
      };
    },
  });
}

/** Ends the list under way as the failed one did, without a step of its own. */
export const endAs: (failed: Extract<StepsResult<unknown>, { ok: false }>) => never = kit.endAs;

/** Runs a list of steps to its value, or to the step and failure that ended it. */
export const runSteps: <T>(list: () => Promise<T>) => Promise<StepsResult<T>> = kit.runSteps;

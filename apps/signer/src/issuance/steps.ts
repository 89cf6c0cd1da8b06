import type { IssuanceStep } from "@seb/schema";
import * as kit from "@seb/service-kit";
import type { Signer } from "../signer.js";

/** Runs one step of issuance. */
export type Step = kit.Step<IssuanceStep>;

/** Makes the `step` of one request: each step leaves a metric. */
export function createStep(
  signer: Pick<Signer, "clock" | "config" | "hook" | "log" | "metrics">,
  requestId: string,
): Step {
  const { hook, metrics, config } = signer;
  return kit.createStep<IssuanceStep>({
    requestId,
    timeoutMs: config.step_timeout_ms,
    clock: signer.clock,
    log: signer.log,
    hook: hook && ((name, run) => hook(name, requestId, run)),
    observe: (name) => (row) => metrics.step(name, row.code ?? "ok", row.ms),
  });
}

/** Runs a list of steps to its value, or to the step and failure that ended it. */
export const runSteps: <T>(list: () => Promise<T>) => Promise<kit.StepsResult<IssuanceStep, T>> = kit.runSteps;

import { describe, expect, it } from "@jest/globals";
import { type AdmissionStep, fail, ok } from "@seb/schema";
import { createLog, createMetrics, systemClock } from "@seb/service-kit";
import { createBrokerMetrics } from "../metrics.js";
import type { StepHook } from "../ports.js";
import { createStep, runSteps, type StepContext, type TraceRow } from "./steps.js";

/** Runs lists of steps as a request does; tells the trace, the measurements and the log. */
function runner(options: { hook?: StepHook; timeoutMs?: number } = {}) {
  const trace: TraceRow[] = [];
  const lines: string[] = [];
  const metrics = createMetrics("broker");
  const broker: StepContext["broker"] = {
    metrics: createBrokerMetrics(metrics),
    clock: systemClock,
    log: createLog({ name: "test", stream: { write: (line: string) => void lines.push(line) } }),
    ...(options.hook ? { hook: options.hook } : {}),
  };
  const context: StepContext = {
    broker,
    timeoutMs: options.timeoutMs ?? 1000,
    requestId: "r_test",
    certId: "c_test",
    trace,
  };
  return { step: createStep(context), trace, lines, metrics };
}

const never = () => new Promise<never>(() => undefined);

describe("a list of steps", () => {
  it("ends with its value, and each step is a row of the trace and a measurement", async () => {
    const { step, trace, metrics } = runner();
    const ended = await runSteps(async () => (await step("token", () => ok(1))) + (await step("claims", () => ok(2))));
    expect(ended).toEqual({ ok: true, value: 3 });
    expect(trace.map(({ step: name, code }) => [name, code])).toEqual([
      ["token", null],
      ["claims", null],
    ]);
    expect(await metrics.registry.metrics()).toMatch(/_count\{[^}]*step="claims",code="ok"\} 1/);
  });

  it("ends at the first failure: nothing behind it runs", async () => {
    const { step, trace } = runner();
    let ran = false;
    const ended = await runSteps(async () => {
      await step("token", () => fail("token_malformed", "no"));
      ran = true;
    });
    expect(ended).toMatchObject({ ok: false, step: "token", failure: { code: "token_malformed" } });
    expect(ran).toBe(false);
    expect(trace.at(-1)?.code).toBe("token_malformed");
  });

  it("makes a step that throws, at once or later, a refusal with a code; what was thrown goes to the log alone", async () => {
    const throwing = [
      () => {
        throw new Error("at once");
      },
      () => Promise.reject(new Error("later")),
    ];
    for (const run of throwing) {
      const { step, lines } = runner();
      const ended = await runSteps(() => step("view", run));
      expect(ended).toMatchObject({ ok: false, step: "view", failure: { code: "step_failed" } });
      expect(JSON.stringify(ended)).not.toMatch(/at once|later/);
      expect(lines.join()).toMatch(/at once|later/);
    }
  });

  it("cuts a step off at its deadline, tells it so, and drops what comes late", async () => {
    const { step } = runner({ timeoutMs: 20 });
    let aborted = false;
    let late: (value: unknown) => void = () => undefined;
    const ended = await runSteps(() =>
      step("state", (signal) => {
        signal.addEventListener("abort", () => {
          aborted = true;
        });
        return new Promise((_resolve, reject) => {
          late = reject;
        });
      }),
    );
    expect(ended).toMatchObject({ ok: false, step: "state", failure: { code: "deadline_exceeded" } });
    expect(aborted).toBe(true);
    late(new Error("nobody waits any more"));
    await new Promise((resolve) => setImmediate(resolve));
  });

  it.each(["before", "after"])("a hook that throws %s the step is a refusal too", async (when) => {
    let ran = 0;
    const hook: StepHook = async (_name, _id, run) => {
      if (when === "after") await run();
      throw new Error("a failpoint");
    };
    const { step } = runner({ hook });
    const ended = await runSteps(() =>
      step("take", () => {
        ran += 1;
        return ok(undefined);
      }),
    );
    expect(ended).toMatchObject({ ok: false, step: "take", failure: { code: "step_failed" } });
    expect(ran).toBe(when === "after" ? 1 : 0);
  });

  it("tells hooks the step and the certificate, and does not let them change the deadline", async () => {
    const seen: [AdmissionStep, string | undefined][] = [];
    const hook: StepHook = (name, id, run) => {
      seen.push([name, id]);
      return run();
    };
    const { step } = runner({ hook, timeoutMs: 10 });
    const ended = await runSteps(() => step("guard", never));
    expect(seen).toEqual([["guard", "c_test"]]);
    expect(ended).toMatchObject({ failure: { code: "deadline_exceeded" } });
  });

  it("passes on what is no refusal of a step: a bug of the list itself", async () => {
    await expect(runSteps(() => Promise.reject(new Error("a bug")))).rejects.toThrow("a bug");
  });
});

import { describe, expect, it } from "@jest/globals";
import { type Failure, fail, ok } from "@seb/schema";
import { systemClock } from "./clock.js";
import { createStep, endAs, runSteps, type StepOptions, type StepRow } from "./steps.js";

type Name = "one" | "two";
function list(over: Partial<StepOptions<Name>> = {}) {
  const rows: StepRow<Name>[] = [];
  const begun: Name[] = [];
  const errors: unknown[] = [];
  const step = createStep<Name>({
    requestId: "r",
    timeoutMs: 1000,
    clock: systemClock,
    log: { error: (about: unknown) => errors.push(about) } as unknown as StepOptions<Name>["log"],
    observe: (name) => {
      begun.push(name);
      return (row) => rows.push(row);
    },
    ...over,
  });
  return { step, rows, begun, errors };
}
const codes = (rows: readonly StepRow<Name>[]) => rows.map(({ step, code }) => [step, code]);

describe("a list of steps", () => {
  it("gives its value, and a row for each step", async () => {
    const { step, rows } = list();
    const ended = await runSteps(async () => (await step("one", () => ok(1))) + (await step("two", async () => ok(2))));
    expect(ended).toEqual({ ok: true, value: 3 });
    expect(codes(rows)).toEqual([
      ["one", null],
      ["two", null],
    ]);
    expect(rows.every(({ ms }) => ms >= 0)).toBe(true);
  });

  it("ends with the first step that fails; nothing behind it runs", async () => {
    const { step, begun, rows } = list();
    const ended = await runSteps(async () => {
      await step("one", () => fail("expired", "over"));
      return step("two", () => ok(1));
    });
    expect(ended).toMatchObject({ ok: false, step: "one", failure: { code: "expired" } });
    expect(begun).toEqual(["one"]);
    expect(codes(rows)).toEqual([["one", "expired"]]);
  });

  it.each([
    ["throws", () => Promise.reject(new Error("secret text"))],
    [
      "throws at once",
      () => {
        throw new Error("secret text");
      },
    ],
  ])("refuses when a step %s, and says nothing of what was thrown", async (_how, run) => {
    const { step, errors, rows } = list();
    const ended = await runSteps(() => step("one", run));
    expect(ended).toMatchObject({ ok: false, failure: { code: "step_failed" } });
    expect(JSON.stringify(ended)).not.toContain("secret text");
    expect(errors).toHaveLength(1);
    expect(codes(rows)).toEqual([["one", "step_failed"]]);
  });

  it("refuses when a step is late, and tells the step by its signal", async () => {
    const { step, rows } = list();
    let signal: AbortSignal | undefined;
    const run = (given: AbortSignal) => {
      signal = given;
      return new Promise<never>(() => undefined);
    };
    const ended = await runSteps(() => step("one", run, 10));
    expect(ended).toMatchObject({ ok: false, failure: { code: "deadline_exceeded" } });
    expect(signal?.aborted).toBe(true);
    expect(codes(rows)).toEqual([["one", "deadline_exceeded"]]);
  });

  it("runs each step through the hook, whose failure is the step's", async () => {
    const seen: Name[] = [];
    const { step } = list({
      hook: (name, run) => {
        seen.push(name);
        if (name === "two") throw new Error("a failpoint");
        return run();
      },
    });
    const ended = await runSteps(async () => {
      await step("one", () => ok(1));
      return step("two", () => ok(2));
    });
    expect(seen).toEqual(["one", "two"]);
    expect(ended).toMatchObject({ ok: false, step: "two", failure: { code: "step_failed" } });
  });

  it("can end as another one did, and leaves a bug outside of steps as it is", async () => {
    const failure: Failure = fail("expired", "over").error;
    const ended = await runSteps(async () => endAs({ ok: false, step: "one", failure }));
    expect(ended).toEqual({ ok: false, step: "one", failure });
    await expect(runSteps(() => Promise.reject(new Error("a bug")))).rejects.toThrow("a bug");
  });
});

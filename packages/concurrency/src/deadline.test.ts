import { describe, expect, it } from "@jest/globals";
import { createDeadline, endsWithin, within } from "./deadline.js";

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe("a deadline", () => {
  it("is shared by what runs under it, and aborts", async () => {
    const deadline = createDeadline(1500);
    expect(await deadline.race(Promise.resolve(1))).toEqual({ ok: true, value: 1 });
    expect(deadline.remainingMs()).toBeGreaterThan(0);
    expect(await deadline.race(sleep(10_000))).toMatchObject({ error: { code: "deadline_exceeded" } });
    expect(deadline.signal.aborted).toBe(true);
    // A timer may fire a little before its time.
    expect(deadline.remainingMs()).toBeLessThan(50);
    expect((await deadline.race(Promise.resolve(1))).ok).toBe(false);
  });

  it("counts on the clock that it is given", () => {
    let now = 100;
    const deadline = createDeadline(1000, { monotonicMs: () => now });
    now = 700;
    expect(deadline.remainingMs()).toBe(400);
    now = 9000;
    expect(deadline.remainingMs()).toBe(0);
    deadline.clear();
  });
});

describe("within", () => {
  it("answers in time, throws in time, and drops what is late", async () => {
    expect(await within(() => 1, 1000)).toEqual({ ok: true, value: 1 });
    await expect(within(() => Promise.reject(new Error("x")), 1000)).rejects.toThrow("x");
    await expect(
      within(() => {
        throw new Error("y");
      }, 1000),
    ).rejects.toThrow("y");
    let seen: AbortSignal | undefined;
    const late = await within(async (signal) => {
      seen = signal;
      await sleep(30);
      throw new Error("nobody waits for it");
    }, 5);
    expect(late).toMatchObject({ error: { code: "deadline_exceeded" } });
    expect(seen?.aborted).toBe(true);
    await sleep(40);
  });

  it("tells whether something ended", async () => {
    expect(await endsWithin(Promise.resolve(), 1000)).toBe(true);
    expect(await endsWithin(sleep(1000), 5)).toBe(false);
  });
});

import { describe, expect, it } from "@jest/globals";
import { createLocks } from "./locks.js";

describe("locks", () => {
  const never = new AbortController().signal;

  it("let one in at a time, in order, and different names side by side", async () => {
    const locks = createLocks();
    const order: number[] = [];
    const run = async (name: string, number: number) => {
      const release = await locks.take(name, never);
      order.push(number);
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push(-number);
      release?.();
    };
    await Promise.all([run("a", 1), run("a", 2), run("b", 3), run("a", 4)]);
    expect(order.filter((it) => Math.abs(it) !== 3)).toEqual([1, -1, 2, -2, 4, -4]);
    expect(order.indexOf(3)).toBeLessThan(order.indexOf(-1));
  });

  it("are not taken for who has gone, and pass on to who still waits", async () => {
    const locks = createLocks();
    const first = await locks.take("a", never);
    const gone = new AbortController();
    const second = locks.take("a", gone.signal);
    const third = locks.take("a", never);
    gone.abort();
    expect(await second).toBeUndefined();
    let entered = false;
    void third.then(() => {
      entered = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(entered).toBe(false);
    first?.();
    expect(await third).toBeDefined();
  });
});

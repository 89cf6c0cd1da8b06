import { describe, expect, it } from "@jest/globals";
import { createLocks, Mutex } from "./mutex.js";

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

describe("a mutex", () => {
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

  it("runs one piece of work at a time, in the order of asking, past rejections", async () => {
    const mutex = new Mutex();
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`+${name}`);
      await sleep(2);
      order.push(`-${name}`);
      if (name === "b") throw new Error(name);
      return name;
    };
    const all = await Promise.allSettled(["a", "b", "c"].map((name) => mutex.run(work(name))));
    expect(order).toEqual(["+a", "-a", "+b", "-b", "+c", "-c"]);
    expect(all.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(mutex.busy).toBe(false);
  });

  it("never begins what was given up before its turn, and waits for what was begun", async () => {
    const mutex = new Mutex();
    const [first, second] = [new AbortController(), new AbortController()];
    let began = 0;
    const slow = mutex.run(() => sleep(20).then(() => "done"), first.signal);
    const left = mutex.run(async () => {
      began += 1;
    }, second.signal);
    await sleep(1);
    expect(mutex.busy).toBe(true);
    second.abort();
    expect(await left).toBeUndefined();
    first.abort();
    expect(await slow).toBe("done");
    await sleep(1);
    expect(began).toBe(0);
    expect(mutex.busy).toBe(false);
  });
});

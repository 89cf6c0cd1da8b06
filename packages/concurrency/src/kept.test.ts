import { describe, expect, it } from "@jest/globals";
import { fail, ok, type Result } from "@seb/schema";
import { createKept } from "./kept.js";

describe("kept values", () => {
  it("are made once, also for all that ask while one is made", async () => {
    let made = 0;
    const kept = createKept({
      max: 2,
      make: async (key: string): Promise<Result<{ key: string }, "bundle_invalid">> => {
        made += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
        return ok({ key });
      },
    });
    const all = await Promise.all(Array.from({ length: 50 }, () => kept.get("a")));
    expect(made).toBe(1);
    expect(new Set(all.map((one) => one.ok && one.value)).size).toBe(1);
    expect(await kept.get("a")).toEqual(ok({ key: "a" }));
    expect(made).toBe(1);
  });

  it("are forgotten by their last use", async () => {
    const made: string[] = [];
    const kept = createKept({
      max: 2,
      make: async (key: string): Promise<Result<{ key: string }, "bundle_invalid">> => {
        made.push(key);
        return ok({ key });
      },
    });
    for (const key of ["a", "b", "a", "c", "a", "b"]) await kept.get(key);
    expect(made).toEqual(["a", "b", "c", "b"]);
  });

  it("do not keep failures, returned or thrown", async () => {
    const answers = [fail("bundle_invalid", "no"), undefined, ok({})];
    const kept = createKept<object, "bundle_invalid">({
      max: 1,
      make: async () => {
        const answer = answers.shift();
        if (answer === undefined) throw new Error("lost");
        return answer;
      },
    });
    expect(await kept.get("a")).toMatchObject({ error: { code: "bundle_invalid" } });
    await expect(kept.get("a")).rejects.toThrow("lost");
    expect((await kept.get("a")).ok).toBe(true);
  });
});

import { describe, expect, it } from "@jest/globals";
import type { StatusFeed } from "../port.js";

/** What every feed must do. */
export function feedContract(fresh: () => Promise<{ readonly feed: StatusFeed }>): void {
  describe("the feed", () => {
    it("gives the last token to a late subscriber and new ones in order, until stopped", async () => {
      const it = await fresh();
      const seen: string[] = [];
      const arrived = (count: number) => waitFor(() => seen.length >= count);
      await it.feed.publish("token-1");
      await it.feed.publish("token-2");
      const stop = it.feed.subscribe((token) => seen.push(token));
      await arrived(1);
      await it.feed.publish("token-3");
      await it.feed.publish("token-4");
      await arrived(3);
      stop();
      await it.feed.publish("token-5");
      expect(seen).toEqual(["token-2", "token-3", "token-4"]);
    });

    it("gives each of several subscribers every token, and one that comes before all of them the first", async () => {
      const it = await fresh();
      const seen: string[][] = [[], []];
      const stops = seen.map((list) => it.feed.subscribe((token) => list.push(token)));
      for (const token of ["token-1", "token-2"]) {
        await it.feed.publish(token);
        await waitFor(() => seen.every((list) => list.at(-1) === token));
      }
      for (const stop of stops) stop();
      expect(seen).toEqual([
        ["token-1", "token-2"],
        ["token-1", "token-2"],
      ]);
    });
  });
}

async function waitFor(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(condition()).toBe(true);
}

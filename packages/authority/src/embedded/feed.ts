import { ok } from "@seb/schema";
import type { StatusFeed } from "../port.js";

/** The feed within one process: the last token is kept for later subscribers, in memory. Receivers are called one after another. */
export function createLocalFeed(): StatusFeed {
  const receivers = new Set<(token: string) => void>();
  let last: string | undefined;
  return {
    async publish(token) {
      last = token;
      for (const receive of receivers) receive(token);
      return ok(undefined);
    },
    subscribe(receive) {
      // A wrapper, so that subscribing the same function twice makes two subscriptions.
      const own = (token: string) => receive(token);
      receivers.add(own);
      if (last !== undefined) own(last);
      return () => {
        receivers.delete(own);
      };
    },
  };
}

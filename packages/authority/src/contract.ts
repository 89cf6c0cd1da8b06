import { afterEach, describe } from "@jest/globals";
import { entriesContract } from "./contract/entries.js";
import { feedContract } from "./contract/feed.js";
import type { AuthorityUnderTest, MakeAuthority } from "./contract/subject.js";
import { takeContract } from "./contract/take.js";
import { viewContract } from "./contract/view.js";

export { feedContract } from "./contract/feed.js";
export type { AuthorityUnderTest, MakeAuthority } from "./contract/subject.js";

/**
 * What every adapter of the shared store and the feed must do. `make` sets up an empty store; the suite restarts, wipes and stops
 * what it got. To be called in a jest test file.
 */
export function authorityContract(name: string, make: MakeAuthority): void {
  describe(`authority contract: ${name}`, () => {
    const live: AuthorityUnderTest[] = [];
    const track = (it: AuthorityUnderTest): AuthorityUnderTest => {
      live.push(it);
      return { ...it, restart: async () => track(await it.restart()), wipe: async () => track(await it.wipe()) };
    };
    const fresh = async () => track(await make());
    afterEach(async () => {
      for (const it of live.splice(0)) await it.stop();
    });
    takeContract(fresh);
    entriesContract(fresh);
    viewContract(fresh);
    feedContract(fresh);
  });
}

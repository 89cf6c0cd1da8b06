import { type Code, ok, type Result } from "@seb/schema";
import { LRUCache } from "lru-cache";

/** Values that are made once each and kept, the most recently used ones. */
export interface Kept<V, C extends Code> {
  /** The kept value of this key, or the one that is made now. All that ask while it is made share one making. */
  get(key: string): Promise<Result<V, C>>;
}

/**
 * Keeps at most `max` values. A failure is answered to all that waited for it and is not kept: the next one that asks tries again.
 * The keys must name their values for good, as digests do.
 */
export function createKept<V extends object, C extends Code>(options: {
  readonly max: number;
  readonly make: (key: string) => Promise<Result<V, C>>;
}): Kept<V, C> {
  const values = new LRUCache<string, V>({ max: options.max });
  const making = new Map<string, Promise<Result<V, C>>>();

  async function make(key: string): Promise<Result<V, C>> {
    const made = await options.make(key);
    if (made.ok) values.set(key, made.value);
    return made;
  }

  return {
    get(key) {
      const known = values.get(key);
      if (known !== undefined) return Promise.resolve(ok(known));
      const begun = making.get(key) ?? make(key).finally(() => making.delete(key));
      making.set(key, begun);
      return begun;
    },
  };
}

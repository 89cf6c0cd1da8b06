/**
 * Keeps the body of a request for a certificate under its idempotency key before it is sent, so that whoever asks again
 * after a lost answer sends the same bytes. Entries whose outcome is known are dropped.
 */
export interface IdempotencyStore {
  load(key: string): Promise<string | undefined>;
  save(key: string, body: string): Promise<void>;
  drop(key: string): Promise<void>;
}

/** A store that lives as long as the process. */
export function createMemoryIdempotencyStore(): IdempotencyStore {
  const bodies = new Map<string, string>();
  return {
    load: async (key) => bodies.get(key),
    save: async (key, body) => {
      bodies.set(key, body);
    },
    drop: async (key) => {
      bodies.delete(key);
    },
  };
}

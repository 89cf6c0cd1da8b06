/** What has to be given up again, in reverse order. */
export interface Closers {
  add(close: () => unknown): void;
  /** Runs all of them, also when one fails, and then rejects with the first failure. Running again does nothing. */
  close(): Promise<void>;
}

export function createClosers(): Closers {
  const open: (() => unknown)[] = [];
  return {
    add: (close) => void open.push(close),
    async close() {
      const failures: unknown[] = [];
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        try {
          await next();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}

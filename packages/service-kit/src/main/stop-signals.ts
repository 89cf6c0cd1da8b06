const PATIENCE_MS = 1000;

/**
 * Resolves with the first SIGINT or SIGTERM. One that follows later than a second ends the process at once; earlier ones
 * are the same wish, told twice: a terminal signals the whole group, and so does who started this process.
 */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let askedMs: number | undefined;
    const receive = (signal: NodeJS.Signals) => {
      if (askedMs !== undefined && performance.now() - askedMs > PATIENCE_MS) process.exit(1);
      askedMs ??= performance.now();
      resolve(signal);
    };
    process.on("SIGINT", receive);
    process.on("SIGTERM", receive);
  });
}

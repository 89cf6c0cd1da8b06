/** Remembers proofs for as long as they could be presented again. */
export interface ReplayWindow {
  /**
   * True when this proof was not seen before. False for a replay, when the window is full, and when a proof is so old
   * that it may have been seen and forgotten.
   *
   * @param windowSeconds how long after `iat` a proof is accepted, i.e. the `maxAgeSeconds` of its verification.
   */
  admit(jkt: string, jti: string, iat: number, nowSeconds: number, windowSeconds: number): boolean;
}

/**
 * A replay window in memory. It refuses rather than forgets: a full window admits nothing new until entries have died.
 * A clock that jumps ahead and back makes it refuse only proofs as old as the youngest that it forgot meanwhile.
 *
 * @param options.maxEntries most proofs remembered at once.
 */
export function createReplayWindow(options: { readonly maxEntries: number }): ReplayWindow {
  const seen = new Set<string>();
  const bySecond = new Map<number, string[]>();
  let forgottenUntil = Number.NEGATIVE_INFINITY;

  function forget(nowSeconds: number): void {
    for (const [second, keys] of bySecond) {
      if (second >= nowSeconds) continue;
      for (const key of keys) seen.delete(key);
      bySecond.delete(second);
      forgottenUntil = Math.max(forgottenUntil, second);
    }
  }

  return {
    admit(jkt, jti, iat, nowSeconds, windowSeconds) {
      forget(nowSeconds);
      const last = Math.ceil(iat + windowSeconds);
      if (!(last > forgottenUntil) || !(last >= nowSeconds)) return false;
      const key = `${jkt} ${jti}`;
      if (seen.has(key) || seen.size >= options.maxEntries) return false;
      seen.add(key);
      const bucket = bySecond.get(last);
      if (bucket === undefined) bySecond.set(last, [key]);
      else bucket.push(key);
      return true;
    },
  };
}

import { type Code, ok, type RefusalBody, type Result } from "@seb/schema";
import type { AppendCode } from "./group-writer.js";
import type { RecordChain, Recorded } from "./port.js";

export interface RefusalLogOptions {
  readonly chain: Pick<RecordChain, "append">;
  /** Records per second for refusals of what was not authentic; default 20. */
  readonly perSecond?: number;
  readonly clock: { nowMs(): number; monotonicMs(): number };
}

/** Records refusals so that strangers can neither fill the log nor go unseen. */
export interface RefusalLog {
  /**
   * Refusals of authentic objects have each their record (kind `refusal`, body `{...body, code}`). Others have one while the
   * budget of this second lasts; beyond it they are counted by code, and `"counted"` is the answer.
   */
  refuse(
    authentic: boolean,
    code: Code,
    body: Omit<RefusalBody, "code">,
  ): Promise<Result<Recorded<"refusal"> | "counted", AppendCode>>;
  /** Records what was counted so far (kind `refusal-counts`, body `{from_ms, to_ms, counts}`). Failing, it keeps counting. */
  flush(): Promise<Result<void, AppendCode>>;
  /** Records what was counted and ends the interval. */
  stop(): Promise<void>;
}

const SECOND_MS = 1000;

interface Counts {
  readonly fromMs: number;
  readonly byCode: Map<Code, number>;
}

/** The counts are recorded once a second; a crash loses at most those of its last second. */
export function createRefusalLog(options: RefusalLogOptions): RefusalLog {
  const { chain, clock, perSecond = 20 } = options;
  let second = Number.NEGATIVE_INFINITY;
  let used = 0;
  let counts: Counts | undefined;
  let flushing: Promise<Result<void, AppendCode>> | undefined;

  function withinBudget(): boolean {
    const now = Math.floor(clock.monotonicMs() / SECOND_MS);
    if (now !== second) {
      second = now;
      used = 0;
    }
    used += 1;
    return used <= perSecond;
  }

  function count(code: Code, times: number, fromMs: number): void {
    counts ??= { fromMs, byCode: new Map() };
    counts.byCode.set(code, (counts.byCode.get(code) ?? 0) + times);
  }

  async function write(taken: Counts): Promise<Result<void, AppendCode>> {
    const body = { from_ms: taken.fromMs, to_ms: clock.nowMs(), counts: Object.fromEntries(taken.byCode) };
    const recorded = await chain.append("refusal-counts", body);
    if (recorded.ok) return ok(undefined);
    for (const [code, times] of taken.byCode) count(code, times, taken.fromMs);
    return recorded;
  }

  async function flush(): Promise<Result<void, AppendCode>> {
    // One after the other, so that a failed one's counts are there for the next.
    while (flushing) await flushing;
    const taken = counts;
    if (taken === undefined) return ok(undefined);
    counts = undefined;
    flushing = write(taken).finally(() => {
      flushing = undefined;
    });
    return flushing;
  }

  const timer = setInterval(() => void flush(), SECOND_MS);
  timer.unref();

  return {
    refuse: async (authentic, code, body) => {
      if (authentic || withinBudget()) return chain.append("refusal", { ...body, code });
      count(code, 1, clock.nowMs());
      return ok("counted");
    },
    flush,
    stop: async () => {
      clearInterval(timer);
      await flush();
    },
  };
}

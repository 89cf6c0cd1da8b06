import type { Code } from "@seb/schema";
import { createRevocationMetrics } from "../metrics.js";
import type { Office } from "../orders/submit.js";

/** The regular status. */
export interface Heartbeat {
  /** One beat now; answers what stood in the way, if anything did. */
  beat(): Promise<Code | undefined>;
  /** Why the last beat failed. */
  readonly problem: Code | undefined;
  stop(): Promise<void>;
}

/** Beats until stopped. A beat that takes longer than the interval is not overtaken by another. */
export function startHeartbeat({ config, ports, journal, publisher }: Office): Heartbeat {
  const metrics = createRevocationMetrics(ports.metrics);
  let problem: Code | undefined = "not_ready";
  let running: Promise<Code | undefined> | undefined;

  async function once(): Promise<Code | undefined> {
    const before = problem;
    try {
      const published = await publisher.sync();
      problem = published.ok ? undefined : published.error.code;
    } catch (error) {
      problem = "internal";
      ports.log.error({ err: error }, "a heartbeat threw");
    }
    metrics.beat(problem ?? "ok", journal.ledger);
    if (problem !== before) ports.log.info({ code: problem ?? "ok" }, "heartbeat");
    return problem;
  }
  function beat(): Promise<Code | undefined> {
    running ??= once().finally(() => {
      running = undefined;
    });
    return running;
  }
  const timer = setInterval(() => void beat(), config.heartbeat_ms);
  return {
    beat,
    get problem() {
      return problem;
    },
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

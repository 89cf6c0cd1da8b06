import type { Result } from "@seb/schema";
import { createDeadline } from "@seb/service-kit";
import type { Signer } from "./signer.js";

/**
 * Waits for work outside the list of steps, at most as long as a step may take: a dependency that hangs ends in `deadline_exceeded`, never in
 * a request without an answer. What comes late is dropped; what it journals still counts.
 */
export async function bounded<T>(
  { ports, config }: Pick<Signer, "ports" | "config">,
  work: Promise<Result<T>>,
): Promise<Result<T>> {
  const deadline = createDeadline(config.step_timeout_ms, ports.clock);
  try {
    const ended = await deadline.race(work);
    return ended.ok ? ended.value : ended;
  } finally {
    deadline.clear();
  }
}

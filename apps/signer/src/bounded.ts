import { within } from "@seb/concurrency";
import type { Result } from "@seb/schema";
import type { Signer } from "./signer.js";

/**
 * Waits for work outside the list of steps, at most as long as a step may take: a dependency that hangs ends in `deadline_exceeded`, never in
 * a request without an answer. What comes late is dropped; what it journals still counts.
 */
export async function bounded<T>({ config }: Pick<Signer, "config">, work: Promise<Result<T>>): Promise<Result<T>> {
  const ended = await within(() => work, config.step_timeout_ms);
  return ended.ok ? ended.value : ended;
}

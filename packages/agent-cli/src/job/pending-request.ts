import { freshId, type IdempotencyStore } from "@seb/client";
import { closed, Digest, Milliseconds, Ver, validate } from "@seb/schema";
import Type from "typebox";
import { readPrivateJson, removePrivate, writePrivateJson } from "./files.js";

const FILE = "request.json";
/** An observation lives for a minute; a body with an older one would only be refused. */
const RESEND_WITHIN_MS = 45_000;

const Pending = closed({
  ver: Ver,
  key: Type.String({ minLength: 16, maxLength: 128, pattern: "^[A-Za-z0-9_-]+$" }),
  /** Digest of the proposal that the body belongs to. */
  proposal: Digest,
  body: Type.String({ maxLength: 200_000 }),
  at_ms: Milliseconds,
});

/** Where a request's body waits until its outcome is known. */
export interface PendingRequests {
  readonly store: IdempotencyStore;
  /**
   * The key for a proposal: the one of an earlier run whose outcome nobody learned, while that run's body can still be
   * sent again; otherwise a new one.
   */
  keyFor(proposal: string): string;
}

/** Keeps at most one pending request in the job's folder. */
export function openPendingRequests(folder: string, nowMs: () => number): PendingRequests {
  let current: string | undefined;
  const read = () => {
    const found = validate(Pending, readPrivateJson(folder, FILE) ?? null, "setting_invalid");
    return found.ok ? found.value : undefined;
  };
  return {
    keyFor(proposal) {
      current = proposal;
      const earlier = read();
      const ageMs = nowMs() - (earlier?.at_ms ?? 0);
      const same = earlier?.proposal === proposal && ageMs >= 0 && ageMs <= RESEND_WITHIN_MS;
      return same ? earlier.key : freshId("k_");
    },
    store: {
      load: async (key) => {
        const pending = read();
        return pending?.key === key ? pending.body : undefined;
      },
      save: async (key, body) =>
        writePrivateJson(folder, FILE, { ver: 1, key, proposal: current, body, at_ms: nowMs() }),
      drop: async () => removePrivate(folder, FILE),
    },
  };
}

import { checkView, checkVouched, revocableOf } from "@seb/authority";
import { type Failure, fail, ok, type Result } from "@seb/schema";
import type { Broker } from "../broker.js";
import type { Running } from "./open.js";

/** The last look before something is sent. */
export interface Guard {
  /** Refuses when either clock has left the window, the fence is another's, the status is old, or a revocation has met the execution. */
  check(): Promise<Result<void>>;
  /** Why the last check refused, if it did. */
  refusal(): Failure | undefined;
}

/** Makes the guard of one execution; the monotonic deadline is fixed now, so that a wall clock set back gains nothing. */
export function createGuard(broker: Pick<Broker, "clock" | "status" | "store" | "view">, running: Running): Guard {
  const { claims } = running;
  const untilMonotonicMs = broker.clock.monotonicMs() + (claims.exp * 1000 - broker.clock.nowMs());
  let refused: Failure | undefined;

  async function look(): Promise<Result<void>> {
    if (running.recalled)
      return fail("recalled", "a revocation met the execution", { facts: { seq: running.recalled.seq } });
    const open = await inWindowAndOurs();
    if (!open.ok) return open;
    const pin = broker.status.pin();
    if (!pin.ok) return pin;
    const view = await broker.view.read();
    if (!view.ok) return view;
    const vouched = checkVouched(view.value, pin.value);
    if (!vouched.ok) return vouched;
    const standing = checkView(view.value, revocableOf(running.claims, running.signerKid));
    if (!standing.ok) return standing;
    // The look itself took time: whoever was paused in it must not send late.
    return window();
  }

  function window(): Result<void> {
    const closed = broker.clock.nowMs() >= claims.exp * 1000 || broker.clock.monotonicMs() >= untilMonotonicMs;
    return closed ? fail("expired", "the window closed before anything was sent") : ok(undefined);
  }

  async function inWindowAndOurs(): Promise<Result<void>> {
    const inside = window();
    if (!inside.ok) return inside;
    const ours = await broker.store.holds(claims.jti, running.fence);
    if (!ours.ok) return ours;
    return ours.value ? ok(undefined) : fail("fence_lost", "another broker took this execution over");
  }

  return {
    async check() {
      const result = await look();
      refused = result.ok ? undefined : result.error;
      running.sent = running.sent || result.ok;
      return result;
    },
    refusal: () => refused,
  };
}

import { fail, ok, type Result } from "@seb/schema";
import { checkView } from "./check-view.js";
import type { OpenEntry, Pin, TakeCode, TakeRequest, View } from "./port.js";
import type { State } from "./state.js";

/** What a take changes; `apply` carries it out without looking at anything again. */
export interface TakeEffect {
  readonly do: "take";
  readonly entry: OpenEntry;
  /** End of the certificate, in seconds. */
  readonly exp: number;
  readonly subject: string;
  readonly once: TakeRequest["once"];
  readonly ceilings: readonly { readonly key: string; readonly window_ms: number }[];
  /** Store time of the take: the largest signed time seen, including this one's. */
  readonly now_ms: number;
}

/**
 * Whether this store is the one that the signed status speaks of: same run, same generation, and a view that was pinned to this very run.
 * Whatever a restart, a rollback or a replacement leaves behind fails here until the view has been written anew.
 */
export function checkPin(state: State, pin: Pin): Result<View, "store_discontinuity"> {
  const { view } = state;
  if (view === undefined) return fail("store_discontinuity", "The store holds no view.");
  if (view.run_id !== state.run_id) return fail("store_discontinuity", "The view was pinned to an earlier run.");
  if (pin.run_id !== state.run_id) return fail("store_discontinuity", "The status was pinned to another run.");
  if (pin.generation !== view.generation) return fail("store_discontinuity", "The view is of another generation.");
  return ok(view);
}

function checkSingleUse(state: State, request: TakeRequest, nowMs: number): Result<void, "already_used" | "expired"> {
  const id = request.cert_id;
  if (state.used.has(id) || state.open.has(id) || state.executions.has(id))
    return fail("already_used", "The certificate was taken before.");
  // Ids are forgotten some time after their end; from the end on, this refuses.
  if (request.exp * 1000 <= nowMs) return fail("expired", "The certificate has ended by the signed time.");
  return ok(undefined);
}

function checkOnce(state: State, request: TakeRequest): Result<void, "once_used"> {
  const found = request.once.find(({ id }) => state.once.has(id));
  if (found === undefined) return ok(undefined);
  return fail("once_used", "An id that may be consumed once was consumed before.", { facts: { once: found.id } });
}

function checkResource(state: State, request: TakeRequest): Result<void, "resource_busy"> {
  // The key that `apply` marks busy and `close` frees.
  const holder = state.busy.get(request.entry.request.resource);
  if (holder === undefined) return ok(undefined);
  return fail("resource_busy", "Another execution is open on this resource.", { facts: { cert_id: holder } });
}

function checkCeilings(state: State, request: TakeRequest, nowMs: number): Result<void, "ceiling_rate_exceeded"> {
  for (const { key, limit, window_seconds } of request.ceilings) {
    const from = nowMs - window_seconds * 1000;
    // Takes later than now (the signed time went back with a new generation) still count: nothing is given away by a clock.
    const count = state.takes.get(key)?.at_ms.filter((at) => at > from).length ?? 0;
    if (count < limit) continue;
    const facts = { ceiling: key, limit, window_seconds };
    return fail("ceiling_rate_exceeded", `${count} takes in the last ${window_seconds} s.`, { facts });
  }
  return ok(undefined);
}

/**
 * Decides one take against the state, in the fixed order: pin, sequence, single use and end, revocations and epochs, consumed ids,
 * resource, ceilings. Pure: reads the state, answers either the first refusal or all that has to be written.
 */
export function admit(state: State, request: TakeRequest): Result<TakeEffect, TakeCode> {
  const { pin } = request;
  const pinned = checkPin(state, pin);
  if (!pinned.ok) return pinned;
  const view = pinned.value;
  if (view.seq < pin.min_seq) {
    return fail("status_backwards", "The stored view is older than the signed status.", {
      facts: { view_seq: view.seq, min_seq: pin.min_seq },
    });
  }
  const nowMs = Math.max(state.now_ms, pin.now_ms);
  const checks = [
    () => checkSingleUse(state, request, nowMs),
    () => checkView(view, request),
    () => checkOnce(state, request),
    () => checkResource(state, request),
    () => checkCeilings(state, request, nowMs),
  ];
  for (const check of checks) {
    const result = check();
    if (!result.ok) return result;
  }
  const { life_ms, ...rest } = request.entry;
  return ok({
    do: "take",
    entry: { ...rest, fence: state.fence + 1, seq: view.seq, deadline_ms: nowMs + life_ms },
    exp: request.exp,
    subject: request.subject,
    once: request.once,
    ceilings: request.ceilings.map(({ key, window_seconds }) => ({ key, window_ms: window_seconds * 1000 })),
    now_ms: nowMs,
  });
}

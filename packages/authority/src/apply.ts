import type { TakeEffect } from "./admit.js";
import type { Execution, View } from "./port.js";
import type { MutableState } from "./state.js";
import type { Effect } from "./transitions.js";

/** How long after its end the id of a closed certificate is kept, in milliseconds. */
export const USED_MARGIN_MS = 60_000;
/** The same for consumed ids: wider, since an approval may outlive a wrong clock. */
export const ONCE_MARGIN_MS = 24 * 3_600_000;
/** How long the state of a closed execution is kept. */
export const EXECUTIONS_KEPT_MS = 7 * 24 * 3_600_000;
/** Pruning looks at everything, so it happens only when the signed time has moved this far. */
export const PRUNE_EVERY_MS = 10_000;

/** Carries out an effect. Deterministic: the same effects in the same order make the same state. */
export function apply(state: MutableState, effect: Effect): void {
  switch (effect.do) {
    case "run":
      state.run_id = effect.run_id;
      return;
    case "view":
      applyView(state, effect.view);
      return;
    case "take":
      applyTake(state, effect);
      return;
    case "take_over":
      state.fence = Math.max(state.fence, effect.entry.fence);
      state.now_ms = Math.max(state.now_ms, effect.now_ms);
      state.open.set(effect.entry.cert_id, effect.entry);
      return;
    case "note":
      remember(state, effect.cert_id, effect.execution);
      return;
    case "close": {
      const entry = state.open.get(effect.cert_id);
      remember(state, effect.cert_id, effect.execution);
      state.open.delete(effect.cert_id);
      if (entry !== undefined) state.busy.delete(entry.request.resource);
      return;
    }
  }
}

function applyView(state: MutableState, view: View): void {
  const before = state.view;
  // A generation that raises the global epoch kills every earlier certificate, so the signed time may start anew: this is how a store
  // recovers from a signed clock that once ran ahead. Without the raise the old maximum stays.
  if (before !== undefined && view.generation > before.generation && view.epochs.global > before.epochs.global) {
    state.now_ms = 0;
    state.pruned_ms = 0;
  }
  state.view = view;
}

function applyTake(state: MutableState, effect: TakeEffect): void {
  const { entry, now_ms } = effect;
  state.fence = Math.max(state.fence, entry.fence);
  state.now_ms = Math.max(state.now_ms, now_ms);
  state.used.set(entry.cert_id, effect.exp);
  for (const { id, until } of effect.once) state.once.set(id, until);
  state.open.set(entry.cert_id, entry);
  state.busy.set(entry.request.resource, entry.cert_id);
  for (const { key, window_ms } of effect.ceilings) {
    const known = state.takes.get(key);
    const window = Math.max(window_ms, known?.window_ms ?? 0);
    const kept = known?.at_ms.filter((at) => at > now_ms - window) ?? [];
    state.takes.set(key, { window_ms: window, at_ms: [...kept, now_ms] });
  }
  remember(state, entry.cert_id, takenExecution(effect));
  prune(state);
}

/** What stands until the broker notes more: taken, nothing known to have happened. */
export function takenExecution({
  entry,
  subject,
  now_ms,
}: Pick<TakeEffect, "entry" | "subject" | "now_ms">): Execution {
  const { action, resource, parameters } = entry.request;
  return {
    op: entry.op,
    answer: {
      cert_id: entry.cert_id,
      state: "decided",
      replayed: false,
      action,
      resource,
      subject,
      parameters,
      decided_at_ms: now_ms,
      closed_at_ms: null,
      result: {},
      code: null,
      fence: entry.fence,
    },
  };
}

function remember(state: MutableState, certId: string, execution: Execution): void {
  state.executions.set(certId, { at_ms: state.now_ms, execution });
}

function prune(state: MutableState): void {
  const now = state.now_ms;
  if (now - state.pruned_ms < PRUNE_EVERY_MS) return;
  state.pruned_ms = now;
  for (const [id, exp] of state.used)
    if (exp * 1000 < now - USED_MARGIN_MS && !state.open.has(id)) state.used.delete(id);
  for (const [id, until] of state.once) if (until * 1000 < now - ONCE_MARGIN_MS) state.once.delete(id);
  for (const [id, { at_ms }] of state.executions)
    if (at_ms < now - EXECUTIONS_KEPT_MS && !state.open.has(id)) state.executions.delete(id);
  for (const [key, { at_ms, window_ms }] of state.takes)
    if (at_ms.every((at) => at <= now - window_ms)) state.takes.delete(key);
}

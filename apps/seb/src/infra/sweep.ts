import type { SweepRequest, Swept } from "@seb/connector";
import { fail, ok, type Result } from "@seb/schema";
import type { Invocation } from "../command.js";
import { done, type Outcome, refused } from "../outcome.js";
import { plansOf } from "./plans.js";
import type { TargetEntry } from "./protections.js";
import { guardedBy } from "./target.js";

const DEFAULT_MINUTES = 15;
/** An execution, its certificate's life and a takeover together stay below this. */
const LEAST_MINUTES = 10;
const MINUTE_MS = 60_000;

function minutesOf({ flags }: Invocation): Result<number, "usage"> {
  const given = flags.olderThanMinutes;
  const minutes = given === undefined ? DEFAULT_MINUTES : Number(given);
  if (Number.isInteger(minutes) && minutes >= LEAST_MINUTES && minutes <= 1440) return ok(minutes);
  return fail("usage", `--older-than-minutes is ${LEAST_MINUTES} to 1440: younger ones may be in use`);
}

/** Where to look: the places that `--namespace` names, or those of the control folder's actions. */
function placesOf(
  { flags, settings }: Invocation,
  target: TargetEntry,
): Result<Pick<SweepRequest, "plans" | "within">> {
  const { namespace } = flags;
  if (Array.isArray(namespace)) return ok({ plans: [], within: namespace.map(String) });
  const control = settings.get("control");
  if (!control.ok) return control;
  const planned = plansOf(control.value, target);
  return planned.ok ? ok({ plans: planned.value.plans }) : planned;
}

/** `seb infra sweep`: one round of the janitor. Exit code 1 when something could not be swept. */
export async function sweep(invocation: Invocation): Promise<Outcome> {
  const minutes = minutesOf(invocation);
  if (!minutes.ok) return refused(minutes.error);
  const guarded = await guardedBy(invocation, "sweep");
  if (!guarded.ok) return refused(guarded.error);
  const { protection, ...target } = guarded.value;
  try {
    const places = placesOf(invocation, target);
    if (!places.ok) return refused(places.error);
    const olderThanMs = minutes.value * MINUTE_MS;
    const swept = await protection.sweep({ ...places.value, olderThanMs, signal: invocation.deadline.signal });
    return swept.ok ? report(swept.value) : refused(swept.error);
  } finally {
    protection.close();
  }
}

function report({ removed, failed }: Swept): Outcome {
  const kinds = Object.entries(removed);
  const counts = `swept ${kinds.map(([kind, names]) => `${names.length} ${kind}`).join(", ")}\n`;
  const list = (what: string, names: readonly string[]) => names.map((name) => `  ${what}: ${name}\n`).join("");
  const lists = kinds.map(([kind, names]) => list(kind, names)).join("");
  const json = { ok: failed.length === 0, ...removed, failed };
  const text = `${counts}${lists}${list("could not be swept", failed)}`;
  return failed.length === 0 ? done(json, text) : { exit: 1, json, text };
}

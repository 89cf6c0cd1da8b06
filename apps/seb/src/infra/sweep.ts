import { fail, ok, type Result } from "@seb/schema";
import type { Invocation } from "../command.js";
import { done, type Outcome, refused } from "../outcome.js";
import { clusterOf } from "./cluster.js";
import { plansOf } from "./plans.js";

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

/** Namespaces that hold certified objects of the cluster. */
function namespacesOf(invocation: Invocation, cluster: string): Result<readonly string[]> {
  const { namespace } = invocation.flags;
  if (Array.isArray(namespace)) return ok(namespace.map(String));
  const control = invocation.settings.get("control");
  if (!control.ok) return control;
  const planned = plansOf(control.value, cluster);
  if (!planned.ok) return planned;
  return ok([...new Set(planned.value.plans.map(({ operation }) => String(operation.namespace)))].sort());
}

/** `seb infra sweep`: one round of the janitor. Exit code 1 when something could not be swept. */
export async function sweep(invocation: Invocation): Promise<Outcome> {
  const minutes = minutesOf(invocation);
  if (!minutes.ok) return refused(minutes.error);
  const cluster = clusterOf(invocation);
  if (!cluster.ok) return refused(cluster.error);
  const namespaces = namespacesOf(invocation, cluster.value.name);
  if (!namespaces.ok) return refused(namespaces.error);
  const { createJanitor } = await import("@seb/connector-kubernetes");
  const janitor = createJanitor({ target: cluster.value.entry, namespaces: namespaces.value });
  if (!janitor.ok) return refused(janitor.error);
  const swept = await janitor.value.sweep({
    olderThanMs: minutes.value * MINUTE_MS,
    signal: invocation.deadline.signal,
  });
  janitor.value.close();
  if (!swept.ok) return refused(swept.error);
  const { bindings, accounts, exceptions, failed } = swept.value;
  const list = (what: string, names: readonly string[]) => names.map((name) => `  ${what} ${name}\n`).join("");
  const counts = `swept ${bindings.length} bindings, ${accounts.length} accounts, ${exceptions.length} ended exceptions\n`;
  const text = `${counts}${list("binding", bindings)}${list("account", accounts)}${list("exception of", exceptions)}${list("could not be swept:", failed)}`;
  const json = { ok: failed.length === 0, ...swept.value };
  return failed.length === 0 ? done(json, text) : { exit: 1, json, text };
}

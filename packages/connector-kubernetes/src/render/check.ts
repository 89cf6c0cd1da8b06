import type { Finding } from "@seb/connector";
import { isObject } from "@seb/connector-language";
import { fail, ok, type Result } from "@seb/schema";
import type { KubeClient } from "../client.js";
import { failureOf } from "../observe.js";
import { foreignBindings } from "./foreign.js";
import { collectionOf, type Manifest } from "./manifest.js";

/** Set by the server where a manifest says nothing. Anything else that a manifest does not say is a difference. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  matchPolicy: "Equivalent",
  scope: "*",
  failurePolicy: "Fail",
  conversion: { strategy: "None" },
};
/** What counts of an object; the rest is the server's bookkeeping. */
const PARTS = ["spec", "rules", "roleRef", "subjects"];
/** Kinds of which it only matters that they are there. */
const BARE = ["Namespace", "ServiceAccount"];

/**
 * Compares every rendered object with the one in the cluster, and looks for rights that somebody gave beside them. Needs the right to read
 * them and all bindings, and changes nothing.
 */
export async function check(options: {
  readonly client: KubeClient;
  readonly manifests: readonly Manifest[];
  readonly signal: AbortSignal;
}): Promise<Result<readonly Finding[], "target_unavailable" | "target_refused">> {
  const { client, manifests, signal } = options;
  const findings: Finding[] = [];
  for (const manifest of manifests) {
    const { kind, metadata } = manifest;
    const path = `${collectionOf(manifest)}/${metadata.name}`;
    const reply = await client.call({ method: "GET", path, signal });
    const about = { kind, name: metadata.name, namespace: metadata.namespace };
    if (reply.answered && reply.status === 404) {
      findings.push({ ...about, state: "missing" });
      continue;
    }
    const failed = failureOf(reply, `look at a ${kind}`);
    if (failed !== undefined) return failed;
    if (!reply.answered) return fail("target_unavailable", "The API server did not answer.");
    const at = BARE.includes(kind) ? undefined : firstDifference(pick(manifest), pick(reply.body), "");
    findings.push(at === undefined ? { ...about, state: "same" } : { ...about, state: "differs", at });
  }
  const foreign = await foreignBindings(client, manifests, signal);
  if (!foreign.ok) return foreign;
  return ok([...findings, ...foreign.value.map((binding) => ({ ...binding, state: "foreign" as const }))]);
}

function pick(value: unknown): Readonly<Record<string, unknown>> {
  const entries = isObject(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter(([key]) => PARTS.includes(key)));
}

function firstDifference(wanted: unknown, found: unknown, at: string): string | undefined {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found) || found.length !== wanted.length) return at;
    return first(wanted.map((item, index) => firstDifference(item, found[index], `${at}/${index}`)));
  }
  if (!isObject(wanted)) return wanted === found ? undefined : at;
  if (!isObject(found)) return at;
  const extra = Object.entries(found).find(([key, value]) => !Object.hasOwn(wanted, key) && !isDefault(key, value));
  if (extra !== undefined) return `${at}/${extra[0]}`;
  return first(Object.entries(wanted).map(([key, value]) => firstDifference(value, found[key], `${at}/${key}`)));
}

const first = (differences: readonly (string | undefined)[]) => differences.find((at) => at !== undefined);

function isDefault(key: string, value: unknown): boolean {
  if (value === "" || (isObject(value) && Object.keys(value).length === 0)) return true;
  return Object.hasOwn(DEFAULTS, key) && JSON.stringify(DEFAULTS[key]) === JSON.stringify(value);
}

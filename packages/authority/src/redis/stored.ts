import { type Json, readJson } from "@seb/canonical";
import {
  CertId,
  Compact,
  Counter,
  closed,
  Digest,
  ExecutionAnswer,
  ExecutionRequest,
  Instance,
  Milliseconds,
  RevocationsAnswer,
  StatusClaims,
  validate,
} from "@seb/schema";
import type { NamedEpoch } from "../epochs.js";
import type { Execution, OpenEntry, TakeRequest, View } from "../port.js";
import { targetKey } from "../standing.js";

const ViewShape = closed({ ...RevocationsAnswer.properties, run_id: StatusClaims.properties.run_id });
const ExecutionShape = closed({ op: Digest, answer: ExecutionAnswer });
/** What a client writes of an open entry and no script changes. */
const KeptShape = closed({ cert_id: CertId, certificate: Compact, request: ExecutionRequest, op: Digest });
/** What scripts keep beside it. */
const HeldShape = closed({
  born: Counter,
  fence: Counter,
  seq: Counter,
  deadline_ms: Milliseconds,
  boot: Counter,
  broker: Instance,
});

/** A view may list everything that was ever revoked. */
const LIMITS = { maxBytes: 64_000_000, maxDepth: 16 };

function parsed(text: unknown): Json | undefined {
  if (typeof text !== "string") return undefined;
  const json = readJson(text, LIMITS);
  return json.ok ? json.value : undefined;
}

/** The stored view, or undefined when the text is none. */
export function viewOf(text: unknown): View | undefined {
  const view = validate(ViewShape, parsed(text), "store_unavailable");
  return view.ok ? view.value : undefined;
}

/** The stored state of an execution, or undefined when the text is none. */
export function executionOf(text: unknown): Execution | undefined {
  const execution = validate(ExecutionShape, parsed(text), "store_unavailable");
  return execution.ok ? execution.value : undefined;
}

/** An open entry as stored. `born` is its first fence, which orders entries by age; `attempt` names the call that holds it. */
export interface StoredEntry {
  readonly born: number;
  readonly attempt: string;
  readonly entry: OpenEntry;
}

/** The stored entry, or undefined when the text is none. See `entry_text` in lua/shared.ts. */
export function entryOf(text: unknown): StoredEntry | undefined {
  const list = parsed(text);
  if (!Array.isArray(list) || list.length !== 9) return undefined;
  const [born, fence, seq, deadline_ms, boot, broker, , attempt, keptText] = list;
  const held = validate(HeldShape, { born, fence, seq, deadline_ms, boot, broker }, "store_unavailable");
  const kept = validate(KeptShape, parsed(keptText), "store_unavailable");
  if (!held.ok || !kept.ok || typeof attempt !== "string") return undefined;
  const { born: first, ...rest } = held.value;
  return { born: first, attempt, entry: { ...kept.value, ...rest } };
}

/** The part of an entry that no script changes, as stored. */
export function keptText({ cert_id, certificate, request, op }: TakeRequest["entry"]): string {
  return JSON.stringify({ cert_id, certificate, request, op });
}

/** Name of a revocation's field in the stored view. */
export const revocationField = (target: Parameters<typeof targetKey>[0]) => `r:${targetKey(target)}`;
/** Name of an epoch's field in the stored view; `key` as in {@link NamedEpoch}. */
export const epochField = (key: NamedEpoch["key"]) => `e:${key}`;

/**
 * The view as fields of a hash, names and values in turn, so that a take looks up what concerns it, however long the list is: the whole
 * as `json`; its place; `e:` the epochs by name; `r:` each revocation by kind and value, with its place in the list and its order. Of
 * several that name the same, the oldest counts.
 */
export function viewFields(view: View): string[] {
  const { epochs } = view;
  const fields = new Map<string, string>([
    ["json", JSON.stringify(view)],
    ["run_id", view.run_id],
    ["generation", `${view.generation}`],
    ["seq", `${view.seq}`],
    ["epochs", JSON.stringify(epochs)],
    [epochField("global"), `${epochs.global}`],
  ]);
  for (const [name, value] of Object.entries(epochs.subject)) fields.set(epochField(`subject:${name}`), `${value}`);
  for (const [name, value] of Object.entries(epochs.policy)) fields.set(epochField(`policy:${name}`), `${value}`);
  view.standing.forEach(({ target, order }, place) => {
    const name = revocationField(target);
    if (!fields.has(name)) fields.set(name, `${place} ${order}`);
  });
  return [...fields].flat();
}

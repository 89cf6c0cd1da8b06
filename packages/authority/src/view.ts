import type { Epochs, Standing } from "@seb/schema";
import { fail, ok, type Result } from "@seb/schema";
import type { TakeRequest, View } from "./port.js";

/** What a view is asked about: the parts of a certificate (or of a grant about to be made) that revocations and epochs name. */
export type ViewQuestion = Pick<
  TakeRequest,
  "subject" | "keys" | "policies" | "bundle" | "action" | "resource" | "epochs"
> & {
  /** Absent while the certificate does not exist yet (issuance). */
  readonly cert_id?: string;
};

export type RevokedCode =
  | "revoked_everything"
  | "revoked_certificate"
  | "revoked_subject"
  | "revoked_key"
  | "revoked_policy"
  | "revoked_bundle"
  | "revoked_action"
  | "revoked_resource";

/** Order in which kinds are looked at, so that every adapter answers with the same code when several apply. */
const ORDER = ["everything", "certificate", "subject", "key", "policy", "bundle", "action", "resource"] as const;

/** True when `resource` is `pattern`, whose service or region may be `*`. Both have the form `service:<s>/region:<r>`. */
export function coversResource(pattern: string, resource: string): boolean {
  const [service, region, ...rest] = pattern.split("/");
  const parts = resource.split("/");
  if (rest.length > 0 || parts.length !== 2) return false;
  return (service === "service:*" || service === parts[0]) && (region === "region:*" || region === parts[1]);
}

function hits(target: Standing["target"], question: ViewQuestion): boolean {
  switch (target.kind) {
    case "everything":
      return true;
    case "certificate":
      return target.value === question.cert_id;
    case "subject":
      return target.value === question.subject;
    case "key":
      return question.keys.includes(target.value);
    case "policy":
      return question.policies.includes(target.value);
    case "bundle":
      return target.value === question.bundle;
    case "action":
      return target.value === question.action;
    case "resource":
      return coversResource(target.value, question.resource);
  }
}

/** The first standing revocation that refuses, by kind and then by age; its order stands in the facts. */
export function checkRevocations(view: Pick<View, "standing">, question: ViewQuestion): Result<void, RevokedCode> {
  for (const kind of ORDER) {
    const found = view.standing.find(({ target }) => target.kind === kind && hits(target, question));
    if (found === undefined) continue;
    return fail(`revoked_${kind}`, `Revoked by order ${found.order}.`, {
      facts: { order: found.order, target: found.target.value },
    });
  }
  return ok(undefined);
}

/** Value of one named epoch; a name that was never raised stands at 0. */
export function epochOf(epochs: Readonly<Record<string, number>>, name: string): number {
  return Object.hasOwn(epochs, name) ? (epochs[name] ?? 0) : 0;
}

/** Each epoch of the certificate against its floor: below is stale; above means that this view is behind (nothing is raised by it). */
export function checkEpochs(
  view: Pick<View, "epochs">,
  question: ViewQuestion,
): Result<void, "epoch_stale" | "epoch_ahead"> {
  const { global, subject, policy } = question.epochs;
  const pairs = [
    { name: "global", has: global, floor: view.epochs.global },
    { name: "subject", has: subject, floor: epochOf(view.epochs.subject, question.subject) },
    { name: "policy", has: policy.epoch, floor: epochOf(view.epochs.policy, policy.id) },
  ];
  const stale = pairs.find(({ has, floor }) => has < floor);
  if (stale !== undefined) {
    const facts = { epoch: stale.name, certificate: stale.has, floor: stale.floor };
    return fail("epoch_stale", `The ${stale.name} epoch of the certificate was overtaken.`, { facts });
  }
  const ahead = pairs.find(({ has, floor }) => has > floor);
  if (ahead === undefined) return ok(undefined);
  const facts = { epoch: ahead.name, certificate: ahead.has, floor: ahead.floor };
  return fail("epoch_ahead", `The ${ahead.name} epoch of the certificate is not in this view yet.`, { facts });
}

/** Revocations first, then epochs: the part of a take that the signer runs before issuing and a guard before sending. */
export function checkView(
  view: Pick<View, "standing" | "epochs">,
  question: ViewQuestion,
): Result<void, RevokedCode | "epoch_stale" | "epoch_ahead"> {
  const clean = checkRevocations(view, question);
  return clean.ok ? checkEpochs(view, question) : clean;
}

/** A place in the history of views. */
export interface Position {
  readonly generation: number;
  readonly seq: number;
}

/** Negative when `a` is earlier than `b`, 0 when they are the same place: by generation, then by sequence. */
export function comparePositions(a: Position, b: Position): number {
  return a.generation - b.generation || a.seq - b.seq;
}

/** True when some epoch of `before` is lower, or absent, in `after`: epochs never fall. */
export function epochsFell(before: Epochs, after: Epochs): boolean {
  const fell = (b: Readonly<Record<string, number>>, a: Readonly<Record<string, number>>) =>
    Object.entries(b).some(([name, value]) => epochOf(a, name) < value);
  return after.global < before.global || fell(before.subject, after.subject) || fell(before.policy, after.policy);
}

/** The higher of each epoch. */
export function maxEpochs(a: Epochs, b: Epochs): Epochs {
  const join = (x: Readonly<Record<string, number>>, y: Readonly<Record<string, number>>) => {
    const names = [...new Set([...Object.keys(x), ...Object.keys(y)])];
    return Object.fromEntries(names.map((name) => [name, Math.max(epochOf(x, name), epochOf(y, name))]));
  };
  return {
    global: Math.max(a.global, b.global),
    subject: join(a.subject, b.subject),
    policy: join(a.policy, b.policy),
  };
}

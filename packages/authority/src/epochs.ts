import { fail, ok, type Result } from "@seb/schema";
import type { TakeRequest, View } from "./port.js";

/** The epochs of a certificate, and what they belong to. */
export type Dated = Pick<TakeRequest, "subject" | "epochs">;

/** One epoch of a certificate: its name for people, its name in the stored view, its value. */
export interface NamedEpoch {
  readonly name: "global" | "subject" | "policy";
  readonly key: string;
  readonly has: number;
}

/** The epochs of a certificate in the order in which they are looked at. */
export function epochsNaming({ subject, epochs }: Dated): readonly NamedEpoch[] {
  return [
    { name: "global", key: "global", has: epochs.global },
    { name: "subject", key: `subject:${subject}`, has: epochs.subject },
    { name: "policy", key: `policy:${epochs.policy.id}`, has: epochs.policy.epoch },
  ];
}

/** Value of one named epoch; a name that was never raised stands at 0. */
export function epochOf(epochs: Readonly<Record<string, number>>, name: string): number {
  return Object.hasOwn(epochs, name) ? (epochs[name] ?? 0) : 0;
}

/** Each epoch of the certificate against its floor: below is stale; above means that this view is behind (nothing is raised by it). */
export function checkEpochs(
  view: Pick<View, "epochs">,
  dated: Dated,
  names: readonly NamedEpoch["name"][] = ["global", "subject", "policy"],
): Result<void, "epoch_stale" | "epoch_ahead"> {
  const floors = {
    global: view.epochs.global,
    subject: epochOf(view.epochs.subject, dated.subject),
    policy: epochOf(view.epochs.policy, dated.epochs.policy.id),
  };
  const pairs = epochsNaming(dated)
    .filter(({ name }) => names.includes(name))
    .map(({ name, has }) => ({ name, has, floor: floors[name] }));
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

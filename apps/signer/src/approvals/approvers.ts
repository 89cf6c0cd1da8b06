import type { Bundle } from "@seb/catalogue";
import type { PersonDefinition } from "@seb/schema";

/** A key that may sign approvals, and whether its owner answers for the agent in question. */
export interface ApproverKey {
  readonly jwk: PersonDefinition["keys"][number]["jwk"];
  readonly name: string;
  readonly conflict: boolean;
}

/** Keys of the bundle's approvers by kid, without revoked ones. A person who owns or answers for the agent may not approve for it. */
export function acceptable(
  bundle: Bundle,
  subject: string,
  revokedKeys: ReadonlySet<string>,
): ReadonlyMap<string, ApproverKey> {
  const owner = bundle.agents.get(subject)?.owner;
  const keys = new Map<string, ApproverKey>();
  for (const person of bundle.people.values()) {
    if (!person.groups.includes(bundle.thresholds.approver_group)) continue;
    const conflict = person.agents.includes(subject) || person.name === owner;
    for (const { kid, jwk } of person.keys) {
      if (!revokedKeys.has(kid)) keys.set(kid, { jwk, name: person.name, conflict });
    }
  }
  return keys;
}

/** One key of each role, by the name of its file. */
export const KEYS = {
  certificate: "signer-certificate",
  observation: "broker-observation",
  status: "revocation-status",
  record: "broker-record",
  order: "operator-alice",
  approval: "person-carol",
  owner: "owner-1",
  agent: "agent",
  builder: "builder",
} as const;
export type Role = keyof typeof KEYS;
/** Every role but one, for tables of tests. */
export const otherThan = (role: Role) =>
  (Object.keys(KEYS) as Role[]).filter((other) => other !== role).map((other) => [other]);

/** The kind that each role signs. */
const TYPES: readonly [Role, string][] = [
  ["certificate", "seb-cert+jwt"],
  ["observation", "seb-observation+jws"],
  ["status", "seb-status+jws"],
  ["record", "seb-record+jws"],
  ["order", "seb-order+jws"],
  ["approval", "seb-approval+jws"],
  ["owner", "seb-trust+json"],
];
/** The same with the kind that each signs. */
export const typesOtherThan = (role: Role) => TYPES.filter(([other]) => other !== role);

/**
 * Everything that is digested by type: the prefix that keeps its digests apart from those of other types, and what it is a digest of. A digest is
 * `"sha256:" + hex(SHA-256(prefix, 0x00, RFC 8785 text))`. This is the only place where a prefix is written; docs/wire.md has the same table.
 */
export const DIGESTS = {
  op: { prefix: "seb-op-v1", of: "a request's body, as a proof's `op` names it" },
  proposal: { prefix: "seb-proposal-v1", of: "a request for a certificate without its `observation`" },
  contract: { prefix: "seb-contract-v1", of: "a contract" },
  stable_contract: {
    prefix: "seb-stable-contract-v1",
    of: "a contract without its `precondition`: what approvers sign",
  },
  operation: { prefix: "seb-operation-v1", of: "a contract's operation with its open parameters filled in" },
  bundle: { prefix: "seb-bundle-v1", of: 'a control bundle, `{"ver": 1, "files": {path: text}}`' },
  live: { prefix: "seb-live-v1", of: "the value of one live field" },
  ceilings: { prefix: "seb-ceilings-v1", of: "the broker's `ceilings.yaml`, as its decisions name it" },
  targets: { prefix: "seb-targets-v1", of: "the broker's `targets.yaml`, as its decisions name it" },
  trust: { prefix: "seb-trust-v1", of: "the payload of a trust file, as records name it" },
  cedar: { prefix: "seb-cedar-v1", of: "schema and policies of one engine within a process; it never leaves it" },
} as const satisfies Readonly<Record<string, { readonly prefix: string; readonly of: string }>>;

/** A type whose values are digested. */
export type DigestType = keyof typeof DIGESTS;

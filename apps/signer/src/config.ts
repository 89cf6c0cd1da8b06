import { Audience, closed, Instance, Issuer, Tier, Ver } from "@seb/schema";
import Type, { type Static } from "typebox";

const Url = Type.String({ pattern: "^https?://[A-Za-z0-9.:\\[\\]-]+$", maxLength: 300 });

/** Settings of one signer. They can express no target and no credential of one: the signer never reaches production. */
export const SignerConfig = closed({
  ver: Ver,
  /** Names this signer's journal, e.g. `signer-1`. One active signer per environment. */
  instance: Instance,
  /** Issuer of the certificates and owner of the certificate key, e.g. `signer:dev`. */
  issuer: Issuer,
  /** The audience of statuses and approvals, e.g. `env:dev`. */
  environment: Audience,
  host: Type.String({ maxLength: 255 }),
  port: Type.Integer({ minimum: 0, maximum: 65_535 }),
  /** Addresses by which agents reach this signer; a proof's `htu` must be one of them plus the path. */
  public_urls: Type.Array(Url, { minItems: 1, maxItems: 8 }),
  /** Longest life of a certificate, whatever the bundle's thresholds say, in seconds. */
  max_ttl_seconds: Type.Integer({ minimum: 5, maximum: 300 }),
  /** Highest tier this signer issues for, whatever the policies say. */
  max_tier: Tier,
  proof_max_age_seconds: Type.Integer({ minimum: 5, maximum: 300 }),
  observation_max_age_seconds: Type.Integer({ minimum: 5, maximum: 300 }),
  /** Requests for certificates that one agent may make per minute. */
  requests_per_minute: Type.Integer({ minimum: 1, maximum: 100_000 }),
  /** Longest time one step of issuance may take, in milliseconds; gathering evidence has the bundle's own deadline. */
  step_timeout_ms: Type.Integer({ minimum: 50, maximum: 60_000 }),
});
export type SignerConfig = Static<typeof SignerConfig>;

import { Audience, closed, Instance, Ver } from "@seb/schema";
import Type, { type Static } from "typebox";

const Url = Type.String({ pattern: "^https?://[A-Za-z0-9.:\\[\\]-]+$", maxLength: 300 });

/** Settings of one broker. It can express no policy: what is allowed comes from signed bundles and the platform's ceilings. */
export const BrokerConfig = closed({
  ver: Ver,
  /** Names this broker's chain of records. */
  instance: Instance,
  /** The audience that certificates must name, and the issuer of this broker's observations, e.g. `broker:dev`. */
  audience: Audience,
  /** The audience of statuses and operators' orders, e.g. `env:dev`. */
  environment: Audience,
  host: Type.String({ maxLength: 255 }),
  port: Type.Integer({ minimum: 0, maximum: 65_535 }),
  /** Addresses by which agents reach this broker; a proof's `htu` must be one of them plus the path. */
  public_urls: Type.Array(Url, { minItems: 1, maxItems: 8 }),
  /** Where a request without a certificate is told to ask. */
  signer_url: Url,
  /** The broker's own cap on a certificate's life, in seconds. */
  max_lifetime_seconds: Type.Integer({ minimum: 5, maximum: 600 }),
  proof_max_age_seconds: Type.Integer({ minimum: 5, maximum: 300 }),
  observation_ttl_seconds: Type.Integer({ minimum: 5, maximum: 300 }),
  observations_per_minute: Type.Integer({ minimum: 1, maximum: 100_000 }),
  /** Longest time one step of admission may take, in milliseconds. */
  step_timeout_ms: Type.Integer({ minimum: 50, maximum: 60_000 }),
  /** How often expired executions are looked for, in milliseconds. */
  reconcile_every_ms: Type.Integer({ minimum: 50, maximum: 60_000 }),
});
export type BrokerConfig = Static<typeof BrokerConfig>;

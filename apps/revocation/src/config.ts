import { Audience, closed, Instance, Ver } from "@seb/schema";
import Type, { type Static } from "typebox";

/** Settings of the revocation service. They can express no target, no policy and no certificate. */
export const RevocationConfig = closed({
  ver: Ver,
  /** Names the order journal, e.g. `revocation-1`. One active instance per environment. */
  instance: Instance,
  /** The audience of statuses and operators' orders, e.g. `env:dev`. */
  environment: Audience,
  host: Type.String({ maxLength: 255 }),
  port: Type.Integer({ minimum: 0, maximum: 65_535 }),
  /** Time between two statuses, in milliseconds; receivers refuse after 2000 ms without one. */
  heartbeat_ms: Type.Integer({ minimum: 50, maximum: 1000 }),
  /** Longest time an order may wait for the journal before it is refused, in milliseconds. */
  journal_timeout_ms: Type.Integer({ minimum: 50, maximum: 60_000 }),
});
export type RevocationConfig = Static<typeof RevocationConfig>;

import { type Answer, http, seal } from "./agent.js";
import { freshId } from "./json.js";
import type { Environment } from "./world.js";

export type Operator = "alice" | "bob";

/** An operator's order, signed by hand. */
export async function signOrder(
  environment: Environment,
  order: Record<string, unknown>,
  operator: Operator = "alice",
  changes: Record<string, unknown> = {},
): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  const key = environment.key(`operator-${operator}`);
  const claims = {
    ver: 1,
    jti: freshId("o_"),
    aud: "env:dev",
    sub: key.name,
    iat,
    exp: iat + 300,
    order,
    reason: "a test",
    ...changes,
  };
  return seal("seb-order+jws", claims, key);
}

/** Gives one operator's order to the revocation service. */
export async function giveOrder(
  environment: Environment,
  order: Record<string, unknown>,
  operator: Operator = "alice",
): Promise<Answer> {
  const token = await signOrder(environment, order, operator);
  return http(`${environment.urls.revocation}/v1/orders`, { body: { order: token } });
}

/** Gives the same order by both operators, as lifting and activating need. */
export async function giveOrderByTwo(environment: Environment, order: Record<string, unknown>): Promise<Answer> {
  await giveOrder(environment, order, "alice");
  return giveOrder(environment, order, "bob");
}

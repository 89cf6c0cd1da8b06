import { freshId } from "@seb/client";
import { fail, ok, type PendingAnswer, type Result } from "@seb/schema";
import { createSealer, type KeyFile } from "@seb/seal";
import type { Trust } from "@seb/verify-core";

/** The environment's name: the audience of whoever signs its status, by the verified trust file. */
export function environmentOf(trust: Trust): Result<string> {
  const names = new Set(trust.keys().flatMap(({ role, aud }) => (role === "status" ? [aud] : [])));
  const [only] = names;
  if (only !== undefined && names.size === 1) return ok(only);
  return fail("setting_invalid", `the trust file names ${names.size} environments`);
}

/** Signs a person's approval of exactly the recorded request; it counts until the request expires. */
export async function signApproval(
  request: PendingAnswer,
  key: KeyFile,
  audience: string,
  nowMs: number,
): Promise<Result<string, "setting_invalid">> {
  const sealer = await createSealer("approval", key);
  if (!sealer.ok) return sealer;
  const { request: id, proposal, contract, tier, bundle, expires } = request;
  return ok(
    await sealer.value.seal({
      ver: 1,
      jti: freshId("a_"),
      aud: audience,
      sub: key.name,
      iat: Math.floor(nowMs / 1000),
      exp: expires,
      request: id,
      proposal,
      contract,
      tier,
      bundle,
    }),
  );
}

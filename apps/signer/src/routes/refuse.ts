import type { RefusalBody, Result } from "@seb/schema";
import type { Context, Reply } from "@seb/service-kit";
import { bounded } from "../bounded.js";
import type { Signer } from "../signer.js";

/** Records a refusal outside issuance and makes its problem. With `authentic`, somebody known was refused: it has a record of its own. */
export async function refuse(
  signer: Pick<Signer, "config" | "log" | "refusals">,
  context: Pick<Context, "requestId">,
  { error }: Extract<Result<never>, { ok: false }>,
  authentic?: Pick<RefusalBody, "request" | "approver">,
): Promise<Reply> {
  const body = { request_id: context.requestId, ...authentic };
  const recorded = await bounded<unknown>(signer, signer.refusals.refuse(authentic !== undefined, error.code, body));
  if (!recorded.ok)
    signer.log.error({ request_id: context.requestId, code: recorded.error.code }, "a refusal could not be recorded");
  return { failure: error };
}

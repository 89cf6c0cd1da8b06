import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compile, openBundle, stableContractDigest } from "@seb/catalogue";
import { type Contract, fail, ok, type PendingAnswer, type Result } from "@seb/schema";

/**
 * Compiles what the request names from the bundle that it names, and compares: an approver signs digests, and this is how
 * they mean what is shown. Undefined when the bundle is not in the folder.
 *
 * @returns `contract_mismatch` when the signer recorded another contract than the one that follows from what it shows.
 */
export function recompile(request: PendingAnswer, folder: string | undefined): Result<Contract | undefined> {
  const text = folder === undefined ? undefined : textOf(folder, request.bundle);
  if (text === undefined) return ok(undefined);
  const bundle = openBundle(text, request.bundle);
  if (!bundle.ok) return bundle;
  const { action, resource, scope } = request;
  const contract = compile(bundle.value, action, resource, scope, {});
  if (!contract.ok) return contract;
  if (stableContractDigest(contract.value) === request.contract) return contract;
  return fail("contract_mismatch", "the signer asks to approve another contract than the one it shows");
}

function textOf(folder: string, digest: string): string | undefined {
  try {
    return readFileSync(join(folder, `${digest.slice("sha256:".length)}.json`), "utf8");
  } catch {
    return undefined;
  }
}

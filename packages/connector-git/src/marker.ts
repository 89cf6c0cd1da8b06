import type { Reconciled } from "@seb/connector";
import { ok, type Result } from "@seb/schema";
import type { Mirror, Tips } from "./mirror.js";
import type { Objects } from "./objects.js";
import type { Access } from "./remote.js";

/** Trailer of a commit message that names the certificate. */
export const CERTIFICATE_TRAILER = "SEB-Certificate";

/**
 * Reads what stands under the marker ref of a certificate: the empty blob is a fence, the commit that names the certificate is the executed
 * change. Marker and branch are set together or not at all, so such a commit was on the branch; `reachable: "false"` says that the branch
 * was rewritten since.
 */
export async function readMarker(
  mirror: Mirror,
  objects: Objects,
  asked: { readonly certId: string; readonly branch: string; readonly tips: Tips },
  access: Access,
): Promise<Result<Reconciled, "target_unavailable">> {
  const { certId, branch, tips } = asked;
  const { marker, head } = tips;
  if (marker === undefined)
    return ok({ state: "cannot_tell", detail: "There is no marker, and no fence that kept it away." });
  const fence = await mirror.emptyBlob(head.length, access.signal);
  if (!fence.ok) return fence;
  if (marker === fence.value) return ok({ state: "not_executed" });
  const present = await mirror.bringMarker(marker, certId, access);
  if (!present.ok) return present;
  const message = present.value ? await objects.message(marker, access.signal) : ok(undefined);
  if (!message.ok) return message;
  if (message.value?.split("\n").includes(`${CERTIFICATE_TRAILER}: ${certId}`) !== true) {
    return ok({ state: "cannot_tell", detail: "The marker holds something that this connector did not write." });
  }
  const reachable = await objects.reachable(marker, head, access.signal);
  if (!reachable.ok) return reachable;
  return ok({
    state: "executed",
    result: { commit: marker, branch, ...(reachable.value ? {} : { reachable: "false" }) },
  });
}

import type { ObserveCode, Reconciled } from "@seb/connector";
import { fail, ok, type Result } from "@seb/schema";
import { readMarker } from "./marker.js";
import type { Mirror } from "./mirror.js";
import { MARKER_PREFIX } from "./names.js";
import type { Objects } from "./objects.js";
import { type Access, push } from "./remote.js";

/** An execution whose end is to be found out. */
export interface Case {
  readonly certId: string;
  readonly branch: string;
}

/**
 * Sets the marker ref to the empty blob, if nothing stands there yet. From then on the atomic push of this execution fails, whenever it
 * comes, since it demands that the ref does not exist; and where the push was faster, its marker stands and the fence changes nothing.
 */
export async function fence(
  mirror: Mirror,
  { certId, branch }: Case,
  access: Access,
): Promise<Result<void, ObserveCode>> {
  const before = await mirror.sync(branch, certId, access);
  if (!before.ok) return before;
  if (before.value.marker !== undefined) return ok(undefined);
  const blob = await mirror.emptyBlob(before.value.head.length, access.signal);
  if (!blob.ok) return blob;
  const end = await push(
    mirror.repository,
    [{ ref: `${MARKER_PREFIX}${certId}`, to: blob.value, from: undefined }],
    access,
  );
  if (end === "accepted") return ok(undefined);
  const after = await mirror.sync(branch, certId, access);
  if (!after.ok) return after;
  if (after.value.marker !== undefined) return ok(undefined);
  if (end === "refused") return fail("target_refused", "The repository does not take marker refs.");
  return fail("target_unavailable", "The connection ended before the repository had answered.");
}

/** Asks the repository what stands under the marker ref. */
export async function reconcile(
  mirror: Mirror,
  objects: Objects,
  { certId, branch }: Case,
  access: Access,
): Promise<Result<Reconciled, ObserveCode>> {
  const tips = await mirror.sync(branch, certId, access);
  if (!tips.ok) return tips;
  return readMarker(mirror, objects, { certId, branch, tips: tips.value }, access);
}

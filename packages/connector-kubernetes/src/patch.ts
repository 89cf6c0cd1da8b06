import type { Json } from "@seb/canonical";
import { type Certified, MARKER, type PatchOperation } from "@seb/connector-kubernetes-language";
import { pointerOf } from "@seb/connector-language";
import { fail, ok, type Result } from "@seb/schema";
import type { Place } from "./pointer.js";
import { containerList, placesOf, type Sight } from "./sight.js";

/** One operation of a JSON Patch (RFC 6902). */
export interface PatchStep {
  readonly op: "test" | "add" | "replace";
  readonly path: string;
  readonly value: Json;
}

/** Maps of texts that the API leaves out while they are empty. */
const OPTIONAL_MAPS = ["annotations", "labels", "data"];

/**
 * The change as one JSON Patch. Its tests hold the server to what was certified at the moment of writing: uid, marker, the container's name
 * at its index, every certified field. (A test for null passes where nothing is.) Nothing else is compared, so that a status that
 * changes all the time is in nobody's way.
 */
export function patchOf(
  sight: Sight,
  certified: Certified,
  operation: PatchOperation,
  certId: string,
): Result<readonly PatchStep[], "target_refused"> {
  const places = placesOf(sight, certified);
  if (!places.ok) return places;
  const marker = placesOf(sight, { container: undefined, pointers: [MARKER_POINTER] });
  const markerPlace = marker.ok ? marker.value.get(MARKER_POINTER) : undefined;
  if (markerPlace === undefined) return fail("target_refused", "The object's annotations are no map.");

  const tests = new Map<string, Json>([["/metadata/uid", sight.uid]]);
  for (const [pointer, place] of [...places.value, [MARKER_POINTER, markerPlace] as const]) {
    const list = containerList(pointer, place);
    if (list !== undefined && certified.container !== undefined)
      tests.set(pointerOf([...list.list, list.index, "name"]), certified.container);
    tests.set(...testOf(place));
  }
  const changes: PatchStep[] = [];
  const made = new Set<string>();
  const values = [...operation.set, [MARKER_POINTER, certId] as const];
  for (const [pointer, value] of values) {
    const place = pointer === MARKER_POINTER ? markerPlace : places.value.get(pointer);
    if (place === undefined || value === undefined)
      return fail("target_refused", "A field is written that is not certified.");
    const steps = changeOf(place, value, made);
    if (steps === undefined) return fail("target_refused", "A field is to be written where the object has nothing.");
    changes.push(...steps);
  }
  return ok([...[...tests].map(([path, value]) => ({ op: "test", path, value }) as const), ...changes]);
}

const MARKER_POINTER = pointerOf(["metadata", "annotations", MARKER]);

/** What is there, or that nothing is: asked of the nearest ancestor, since below it there is nothing to ask. */
function testOf({ path, value, depth }: Place): [string, Json] {
  return value === undefined ? [pointerOf(path.slice(0, depth + 1)), null] : [pointerOf(path), value];
}

function changeOf({ path, value, depth }: Place, wanted: Json, made: Set<string>): PatchStep[] | undefined {
  const pointer = pointerOf(path);
  if (value !== undefined) return [{ op: "replace", path: pointer, value: wanted }];
  const missing = path.slice(depth, -1);
  // Only a map of texts may be made on the way, so that no half-filled structure comes into being.
  if (missing.length > 1 || missing.some((token) => !OPTIONAL_MAPS.includes(token))) {
    return undefined;
  }
  const parent = pointerOf(path.slice(0, -1));
  const isNew = missing.length === 1 && !made.has(parent);
  made.add(parent);
  const makeParent: PatchStep[] = isNew ? [{ op: "add", path: parent, value: {} }] : [];
  return [...makeParent, { op: "add", path: pointer, value: wanted }];
}

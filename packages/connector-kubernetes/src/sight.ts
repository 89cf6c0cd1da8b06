import { canonicalize, digest, isBase32Id, type Json } from "@seb/canonical";
import {
  type Certified,
  CONTAINER_PREFIX,
  FIELD_PREFIX,
  GITOPS_PREFIXES,
  isWord,
  MARKER,
  MARKER_KEY,
  UID_KEY,
  VERSION_KEY,
} from "@seb/connector-kubernetes-language";
import { fail, ok, type Result } from "@seb/schema";
import { items, members, textAt } from "./json.js";
import { follow, type Place } from "./pointer.js";

/** An object as the API showed it once. */
export interface Sight {
  readonly object: Json;
  readonly uid: string;
  readonly version: string;
  /** Certificate that the marker names; undefined when there is no marker. */
  readonly marker: string | undefined;
  readonly deleting: boolean;
  /** Who wrote fields of it, as each named itself. */
  readonly managers: readonly string[];
}

const MANAGED_BY = "app.kubernetes.io/managed-by";
/** Tools that put an object back to what their repository says. Helm alone does not. */
const GITOPS_TOOLS = /^(?:argo-?cd|flux(?:-?cd)?|kustomize-controller|helm-controller)$/i;
/** The names under which they write: Argo CD may mark an object by a label that others use, too. */
const GITOPS_MANAGERS = /^(?:argocd-(?:application-)?controller|kustomize-controller|helm-controller)$/;

/** Reads an object; undefined when it has no identity, as no object of the API is. */
export function sightOf(body: Json): Sight | undefined {
  const { managedFields, ...metadata } = members(members(body).metadata);
  const [uid, version] = [textAt(body, "metadata", "uid"), textAt(body, "metadata", "resourceVersion")];
  if (!isWord(uid) || !isWord(version)) return undefined;
  return {
    object: { ...members(body), metadata },
    uid,
    version,
    marker: textAt(body, "metadata", "annotations", MARKER),
    deleting: textAt(body, "metadata", "deletionTimestamp") !== undefined,
    managers: items(managedFields).flatMap((entry) => textAt(entry, "manager") ?? []),
  };
}

/** The label, annotation or entry of managedFields by which another tool claims the object; undefined when none does. */
export function gitopsClaim({ object, managers }: Sight): string | undefined {
  const metadata = members(members(object).metadata);
  for (const map of [members(metadata.labels), members(metadata.annotations)]) {
    for (const [key, value] of Object.entries(map)) {
      const prefix = GITOPS_PREFIXES.find((start) => key.startsWith(start));
      if (prefix !== undefined) return prefix.slice(0, -1);
      if (key === MANAGED_BY && typeof value === "string" && GITOPS_TOOLS.test(value)) return MANAGED_BY;
    }
  }
  return managers.find((manager) => GITOPS_MANAGERS.test(manager));
}

/** The places of all pointers, by pointer; a field that cannot be reached is `target_refused`. */
export function placesOf(
  sight: Sight,
  { container, pointers }: Pick<Certified, "container" | "pointers">,
): Result<ReadonlyMap<string, Place>, "target_refused"> {
  const places = new Map<string, Place>();
  for (const pointer of pointers) {
    const place = follow(sight.object, pointer, container);
    if (place === undefined)
      return fail("target_refused", "A field leads to no container of that name, or through a list.");
    places.set(pointer, place);
  }
  return ok(places);
}

/** Digest of a field; what is not there counts as null, which the API does not keep. */
export const fieldDigest = (value: Json | undefined): string => digest("live", value ?? null);

/**
 * What must still hold when the change is made: the object's uid, its marker, each certified field, the container's index and, where the
 * operation wants it, the version. The marker is among them so that an execution can tell for certain whether another one came between.
 */
export function preconditionOf(sight: Sight, certified: Certified): Result<Record<string, string>, "target_refused"> {
  const places = placesOf(sight, certified);
  if (!places.ok) return places;
  const precondition: Record<string, string> = { [UID_KEY]: sight.uid, [MARKER_KEY]: markerWord(sight.marker) };
  if (certified.matchVersion) precondition[VERSION_KEY] = sight.version;
  for (const [pointer, place] of places.value) {
    precondition[`${FIELD_PREFIX}${pointer}`] = fieldDigest(place.value);
    const list = containerList(pointer, place);
    if (list !== undefined && certified.container !== undefined)
      precondition[`${CONTAINER_PREFIX}${certified.container}`] = list.index;
  }
  return ok(precondition);
}

/** Pointer of the list of containers that a place leads through, and the index there. */
export function containerList(
  pointer: string,
  place: Place,
): { readonly list: readonly string[]; readonly index: string } | undefined {
  const at = pointer.slice(1).split("/").indexOf("@");
  const index = place.path[at];
  return at < 0 || index === undefined ? undefined : { list: place.path.slice(0, at), index };
}

/** A marker in a precondition: the certificate's id, `none`, or a digest of what somebody else wrote there. */
export function markerWord(marker: string | undefined): string {
  if (marker === undefined) return "none";
  return isBase32Id("c_", marker) ? marker : digest("live", marker);
}

/** True when the object still is what the precondition says. */
export function holds(sight: Sight, certified: Certified, precondition: Readonly<Record<string, string>>): boolean {
  const now = preconditionOf(sight, certified);
  return now.ok && canonicalize(now.value) === canonicalize({ ...precondition });
}

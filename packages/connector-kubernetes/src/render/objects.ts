import type { CertifiedPlan } from "@seb/connector";
import {
  isPointer,
  type KubernetesOperation,
  type ObjectRef,
  pathOf,
  readOperation,
  roleNameOf,
} from "@seb/connector-kubernetes-language";
import { fail, ok, type Result } from "@seb/schema";
import type { KubernetesTarget } from "../targets.js";

/** A field that executions may write. */
export interface DeclaredField {
  /** As the catalogue writes it; `@` stands for a container. */
  readonly pointer: string;
  readonly container: string | undefined;
  /** What every value starts with, by all actions that write the field; empty when anything may be written. */
  readonly starts: readonly string[];
}

/** An object that certificates may change, and how. */
export interface CertifiedObject {
  readonly ref: ObjectRef;
  readonly deletable: boolean;
  readonly fields: readonly DeclaredField[];
  /** Role by verb. */
  readonly roles: ReadonlyMap<KubernetesOperation["verb"], string>;
}

/** Brings all plans together by object; `catalogue_invalid` names the action whose operation is none of this connector's. */
export function objectsOf(
  plans: readonly CertifiedPlan[],
  roles: KubernetesTarget["roles"],
): Result<readonly CertifiedObject[], "catalogue_invalid"> {
  const objects = new Map<string, CertifiedObject>();
  for (const { action, resource, operation, live } of plans) {
    const read = readOperation(operation, "template");
    const more = { facts: { action, resource } };
    if (!read.ok) return fail("catalogue_invalid", read.error.detail, more);
    if (!Object.values(live).every(({ at }) => isPointer(at)))
      return fail("catalogue_invalid", "A live field is at no pointer.", more);
    const key = pathOf(read.value.object);
    objects.set(key, joined(objects.get(key), read.value, operation, roles));
  }
  return ok([...objects].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, object]) => object));
}

function joined(
  known: CertifiedObject | undefined,
  operation: KubernetesOperation,
  template: CertifiedPlan["operation"],
  roles: KubernetesTarget["roles"],
): CertifiedObject {
  const { object: ref, verb, container } = operation;
  const role = roles[ref.namespace]?.[`${verb} ${ref.resource}/${ref.name}`] ?? roleNameOf(operation);
  const fields = [...(known?.fields ?? [])];
  for (const pointer of operation.verb === "patch" ? operation.set.keys() : []) {
    const start = startOf(template.set, pointer);
    const at = fields.findIndex((field) => field.pointer === pointer && field.container === container);
    const starts = fields[at]?.starts ?? [start];
    const all = [...new Set([...starts, start])];
    const field = { pointer, container, starts: all.includes("") ? [""] : all };
    fields.splice(at < 0 ? fields.length : at, at < 0 ? 0 : 1, field);
  }
  return {
    ref,
    deletable: verb === "delete" || known?.deletable === true,
    fields,
    roles: new Map([...(known?.roles ?? []), [verb, role]]),
  };
}

/** What a value certainly starts with: the text before the first parameter of its template. */
function startOf(set: unknown, pointer: string): string {
  const value: unknown = typeof set === "object" && set !== null ? Reflect.get(set, pointer) : undefined;
  if (typeof value !== "string") return "";
  const at = value.indexOf("{{");
  return at < 0 ? value : value.slice(0, at);
}

import { ok, type Result } from "@seb/schema";
import type { KubeClient } from "../client.js";
import { items, textAt, valueAt } from "../json.js";
import { isIdentityName } from "../names.js";
import { failureOf } from "../observe.js";
import type { Manifest } from "./manifest.js";

/** A binding that gives rights to an account of ours, and was not rendered. */
export interface ForeignBinding {
  readonly kind: "RoleBinding" | "ClusterRoleBinding";
  readonly name: string;
  readonly namespace: string | undefined;
}

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const PAGE = 500;

type Json = ReturnType<typeof items>[number];

/** Is this subject an account of one of the namespaces, or all of them together? */
function isOf(subject: Json, namespaces: readonly string[]): boolean {
  const [kind, name = "", namespace = ""] = ["kind", "name", "namespace"].map((key) => textAt(subject, key));
  if (kind === "ServiceAccount") return namespaces.includes(namespace);
  const prefixes = namespaces.map((one) =>
    kind === "Group" ? `system:serviceaccounts:${one}` : `system:serviceaccount:${one}:`,
  );
  return prefixes.some((prefix) => (kind === "Group" ? name === prefix : name.startsWith(prefix)));
}

/** The binding that the broker makes for one execution: its own account of the same name, and nobody else. */
function isExecution(binding: Json, name: string): boolean {
  const [subject, ...others] = items(valueAt(binding, "subjects"));
  return isIdentityName(name) && others.length === 0 && subject !== undefined && textAt(subject, "name") === name;
}

/**
 * Everything in the cluster that grants something to the accounts of broker, janitor and executions beside what is rendered. Grants to
 * groups that hold everybody (`system:authenticated`) are not looked at.
 */
export async function foreignBindings(
  client: KubeClient,
  manifests: readonly Manifest[],
  signal: AbortSignal,
): Promise<Result<readonly ForeignBinding[], "target_unavailable" | "target_refused">> {
  const namespaces = manifests.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name);
  const idOf = (kind: string, namespace: string | undefined, name: string) => `${kind} ${namespace ?? ""} ${name}`;
  const rendered = new Set(manifests.map(({ kind, metadata }) => idOf(kind, metadata.namespace, metadata.name)));
  const found: ForeignBinding[] = [];
  for (const kind of ["RoleBinding", "ClusterRoleBinding"] as const) {
    for (let next: string | undefined = ""; next !== undefined; ) {
      const from: string = next === "" ? "" : `&continue=${encodeURIComponent(next)}`;
      const path = `${RBAC}/${kind.toLowerCase()}s?limit=${PAGE}${from}`;
      const reply = await client.call({ method: "GET", path, signal });
      const failed = failureOf(reply, `list of ${kind}s`);
      if (failed !== undefined) return failed;
      const body = reply.answered ? reply.body : undefined;
      for (const binding of items(valueAt(body, "items"))) {
        const [name = "", namespace] = [textAt(binding, "metadata", "name"), textAt(binding, "metadata", "namespace")];
        if (!items(valueAt(binding, "subjects")).some((subject) => isOf(subject, namespaces))) continue;
        if (!rendered.has(idOf(kind, namespace, name)) && !isExecution(binding, name))
          found.push({ kind, name, namespace });
      }
      const token = textAt(body, "metadata", "continue");
      next = token === "" ? undefined : token;
    }
  }
  return ok(found);
}

import { tokensOf } from "@seb/connector-language";
import { MARKER } from "./names.js";
import { A_POINTER, isInContainer, isPointer } from "./pointer.js";

/** Names under which Argo CD and Flux claim an object. */
export const GITOPS_PREFIXES = ["argocd.argoproj.io/", "kustomize.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io/"];
/** Written by the API server's own controllers and by kubectl: they change with each change, or all the time. */
const VOLATILE = [
  "deployment.kubernetes.io/revision",
  "deprecated.daemonset.template.generation",
  "kubectl.kubernetes.io/last-applied-configuration",
  "control-plane.alpha.kubernetes.io/leader",
  "endpoints.kubernetes.io/last-change-trigger-time",
];
/** As the API takes it: an optional DNS prefix, and a name of at most 63 characters. */
const QUALIFIED = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** What is expected instead of a pointer that a certificate writes; undefined where it is right. */
export function wrongWrite(pointer: string, container: string | undefined): string | undefined {
  if (!isPointer(pointer)) return A_POINTER;
  if (isInContainer(pointer) && container === undefined)
    return "an operation that names the container which @ stands for";
  const tokens = tokensOf(pointer);
  const [first, second] = tokens;
  if (first === "spec" || first === "data") {
    if (second === undefined) return `one field of ${first}, not all of it`;
    return tokens.includes("ephemeralContainers")
      ? "a field that a patch can change: these containers have a subresource of their own"
      : undefined;
  }
  if (first !== "metadata" || (second !== "labels" && second !== "annotations") || tokens.length !== 3)
    return "a field of spec or data, a label or an annotation";
  return wrongName(tokens[2] ?? "");
}

/** What is expected instead of a pointer to a live field; undefined where it is right. Live fields are certified: they may not change by themselves. */
export function wrongLook(pointer: string, container: string | undefined): string | undefined {
  if (!isPointer(pointer)) return A_POINTER;
  if (isInContainer(pointer) && container === undefined)
    return "an operation that names the container which @ stands for";
  const tokens = tokensOf(pointer);
  const [first, second, name] = tokens;
  if (first === "status")
    return "a field that people write: status changes by itself, and no change would ever be current";
  if (first !== "metadata") return undefined;
  if ((second !== "labels" && second !== "annotations") || name === undefined)
    return "a label or an annotation: the rest of metadata changes by itself";
  if (name === MARKER || VOLATILE.includes(name))
    return `an annotation that does not change by itself, as ${name} does`;
  return undefined;
}

function wrongName(name: string): string | undefined {
  if (name.startsWith("seb.dev/")) return "another name: those under seb.dev belong to the broker";
  if (GITOPS_PREFIXES.some((prefix) => name.startsWith(prefix)))
    return "another name: by this one another tool claims the object";
  if (VOLATILE.includes(name)) return "another name: this one is written by the cluster's own controllers or kubectl";
  return QUALIFIED.test(name) ? undefined : "a name with an optional DNS prefix, of at most 63 characters";
}

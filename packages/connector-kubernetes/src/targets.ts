import { type KubernetesEntry, readTarget } from "@seb/connector-kubernetes-language";
import { type Named, readTargets } from "@seb/connector-language";
import type { Result } from "@seb/schema";

/** One entry of targets.yaml with `connector: kubernetes`, under its name. */
export type KubernetesTarget = Named<KubernetesEntry>;

/** The Kubernetes targets among all entries of targets.yaml, by name; `setting_invalid` lists every mistake and repeats no value. */
export function readKubernetesTargets(
  entries: Readonly<Record<string, unknown>>,
): Result<ReadonlyMap<string, KubernetesTarget>, "setting_invalid"> {
  return readTargets("kubernetes", entries, readTarget);
}

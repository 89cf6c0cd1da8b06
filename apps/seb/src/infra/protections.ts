import type { Protection } from "@seb/connector";
import { fail, type Result, type Targets } from "@seb/schema";

/** One entry of targets.yaml. */
export interface TargetEntry {
  readonly name: string;
  readonly entry: Targets["targets"][string];
}

type Open = (target: TargetEntry) => Promise<Result<Protection, "setting_invalid">>;

/** The guards of every kind of target, by connector. Loaded on demand. */
const KINDS: Readonly<Record<string, Open>> = {
  git: async (target) => (await import("@seb/connector-git")).createGitProtection(target),
  kubernetes: async (target) => (await import("@seb/connector-kubernetes")).createKubernetesProtection(target),
};

/** Opens the guard of one target. The target is not asked. Close it. */
export async function openProtection(target: TargetEntry): Promise<Result<Protection, "setting_invalid">> {
  const { connector } = target.entry;
  const open = Object.hasOwn(KINDS, connector) ? KINDS[connector] : undefined;
  if (open !== undefined) return open(target);
  return fail("setting_invalid", `No connector is called ${connector}.`, {
    pointer: `/targets/${target.name}/connector`,
  });
}

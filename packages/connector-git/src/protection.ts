import type { Protection } from "@seb/connector";
import { ok, type Result } from "@seb/schema";
import { readGitTargets } from "./targets.js";

const HOST =
  "A git host guards a repository by settings of its own, which git cannot read or write: branch protection, and who may set marker refs.";

/** What the protection of a repository needs to know. */
export interface GitProtectionOptions {
  /** Name of the target in targets.yaml. */
  readonly name: string;
  readonly entry: unknown;
}

/**
 * The guard of one repository; `setting_invalid` when its entry is wrong. There is nothing that git could render, check or sweep: the identity
 * is held by the broker, so that no execution leaves one behind.
 */
export function createGitProtection({ name, entry }: GitProtectionOptions): Result<Protection, "setting_invalid"> {
  const targets = readGitTargets({ [name]: entry });
  if (!targets.ok) return targets;
  return ok({
    name: "git",
    without: {
      render: HOST,
      check: HOST,
      sweep: "Executions in git make no identity, so that a dead one leaves none behind.",
    },
    close: () => undefined,
  });
}

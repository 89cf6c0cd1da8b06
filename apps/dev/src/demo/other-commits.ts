import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Stage } from "./stage.js";

/** Somebody else changes one file of the GitOps repository, with git alone. */
export async function pushChange(
  stage: Stage,
  path: string,
  change: (text: string) => string,
  message: string,
): Promise<void> {
  const clone = join(stage.folder, `clone-${Date.now()}`);
  const git = (...args: string[]) => stage.run("git", ["-C", clone, ...args], { quiet: true });
  await stage.run("git", ["clone", "--quiet", stage.path("gitops.git"), clone], { quiet: true });
  const file = join(clone, path);
  await writeFile(file, change(await readFile(file, "utf8")));
  await git("commit", "--quiet", "--all", "--message", message);
  await git("push", "--quiet", "origin", "main");
  stage.say(`  somebody else pushes "${message}", which changes ${path}`);
}

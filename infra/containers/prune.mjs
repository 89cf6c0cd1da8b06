// `prune.mjs apps/broker`: leaves of the repository what one service runs on: its dist with the bundle that is started, the dist of the
// workspaces it reaches and node_modules, for what a bundle finds beside modules (git's starter, Cedar) and for the licences of packages.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Folders of the workspaces that `app` reaches by the dependencies of package.json, itself included. */
export function reachedFrom(root, app) {
  const manifests = ["packages", "apps"].flatMap((group) =>
    readdirSync(join(root, group))
      .map((name) => `${group}/${name}`)
      .filter((folder) => existsSync(join(root, folder, "package.json")))
      .map((folder) => ({ folder, ...JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) })),
  );
  const byName = new Map(manifests.map((manifest) => [manifest.name, manifest]));
  const reached = new Set();
  const queue = manifests.filter(({ folder }) => folder === app);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (reached.has(next.folder)) continue;
    reached.add(next.folder);
    for (const name of Object.keys(next.dependencies ?? {})) if (byName.has(name)) queue.push(byName.get(name));
  }
  return reached;
}

function prune(root, app) {
  const reached = reachedFrom(root, app);
  if (!reached.has(app)) throw new Error(`no workspace ${app}`);
  const keep = new Set(["apps", "packages", "node_modules", "package.json", "LICENSE"]);
  for (const name of readdirSync(root)) if (!keep.has(name)) rmSync(join(root, name), { recursive: true });
  for (const group of ["packages", "apps"])
    for (const name of readdirSync(join(root, group))) {
      const folder = `${group}/${name}`;
      if (!reached.has(folder)) rmSync(join(root, folder), { recursive: true });
      else
        for (const part of readdirSync(join(root, folder)))
          if (!["dist", "package.json", "node_modules"].includes(part))
            rmSync(join(root, folder, part), { recursive: true });
    }
}

if (process.argv[1]?.endsWith("prune.mjs")) prune(process.cwd(), process.argv[2]);

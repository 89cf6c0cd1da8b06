// A copy of the built tree, small enough to be made in a moment, in which one file can be changed without touching the checkout.
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** What a workspace needs to run; its sources stay behind. */
const SHIPPED = ["package.json", "dist", "bin", "preload", "vectors"];
const GROUPS = ["packages", "apps"];
/** Own packages come from the copy; everything else from the checkout. */
const OWN_SCOPE = "@seb";

/**
 * Copies the build of `root` into the new folder `to`. Third-party packages are linked to the real ones, own packages to the copy,
 * so that nothing in the copy can load a file of the checkout's build.
 */
export function copyBuild(root, to) {
  mkdirSync(to, { recursive: true });
  for (const group of GROUPS) copyGroup(root, to, group);
  mkdirSync(join(to, "node_modules", OWN_SCOPE), { recursive: true });
  for (const entry of readdirSync(join(root, "node_modules"))) {
    if (entry !== OWN_SCOPE) symlinkSync(join(root, "node_modules", entry), join(to, "node_modules", entry));
  }
  for (const group of GROUPS) linkOwn(to, group);
  // What the build reads besides itself: the example control folder, and the templates of servers' settings; and the build.
  for (const folder of ["examples", "infra"]) cpSync(join(root, folder), join(to, folder), { recursive: true });
  for (const file of ["package.json", ".swcrc"]) cpSync(join(root, file), join(to, file));
}

function copyGroup(root, to, group) {
  for (const workspace of readdirSync(join(root, group))) {
    if (!existsSync(join(root, group, workspace, "package.json"))) continue;
    for (const part of SHIPPED) {
      const from = join(root, group, workspace, part);
      if (existsSync(from)) cpSync(from, join(to, group, workspace, part), { recursive: true });
    }
    // Third-party packages of another version than the one that all share.
    const own = join(root, group, workspace, "node_modules");
    if (existsSync(own)) symlinkSync(own, join(to, group, workspace, "node_modules"));
    withoutBundles(join(to, group, workspace, "dist"));
  }
}

/** An executable's bundle has everything in it already: in the copy each runs from the files that a mutant is put into. */
function withoutBundles(dist) {
  if (!existsSync(dist)) return;
  for (const file of readdirSync(dist, { recursive: true })) {
    const name = /(.*)\.entry\.js$/.exec(basename(file))?.[1];
    if (name !== undefined) writeFileSync(join(dist, dirname(file), `${name}.js`), `import "./${name}.entry.js";\n`);
  }
}

function linkOwn(to, group) {
  for (const workspace of readdirSync(join(to, group)))
    symlinkSync(join(to, group, workspace), join(to, "node_modules", OWN_SCOPE, workspace));
}

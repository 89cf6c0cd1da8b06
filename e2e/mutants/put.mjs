// Puts changed sources into a copy of the build: the copy's own build translates them.
import { spawn } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The workspace that a source belongs to; undefined for settings of servers, which ship as they are. */
const workspaceOf = (file) => /^(?:apps|packages)\/[^/]+(?=\/src\/)/.exec(file)?.[0];

function build(copy, workspace) {
  const child = spawn(process.execPath, [join(copy, "infra", "build.mjs")], {
    cwd: join(copy, workspace),
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said = [];
  child.stderr.on("data", (chunk) => said.push(chunk));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0
        ? resolve()
        : reject(new TypeError(`cannot be built: ${Buffer.concat(said).toString().slice(0, 400)}`)),
    );
  });
}

/** Builds a workspace of the copy from the checkout's sources, save for those that are given as text. */
async function rebuild(root, copy, workspace, files) {
  const sources = join(copy, workspace, "src");
  cpSync(join(root, workspace, "src"), sources, { recursive: true });
  try {
    for (const [file, text] of files) writeFileSync(join(copy, file), text);
    await build(copy, workspace);
  } finally {
    rmSync(sources, { recursive: true, force: true });
  }
}

async function write(root, copy, files) {
  const workspaces = new Set([...files.keys()].map(workspaceOf));
  for (const workspace of workspaces) {
    const own = [...files].filter(([file]) => workspaceOf(file) === workspace);
    if (workspace === undefined) for (const [file, text] of own) writeFileSync(join(copy, file), text);
    else await rebuild(root, copy, workspace, own);
  }
}

/**
 * Puts these sources into the copy.
 * @param files `Map<file, text>`, file relative to the checkout `root`
 * @returns how to take them back; rejects with a TypeError when they cannot be built
 */
export async function put(root, copy, files) {
  const originals = new Map([...files.keys()].map((file) => [file, readFileSync(join(root, file), "utf8")]));
  const restore = () => write(root, copy, originals);
  try {
    await write(root, copy, files);
  } catch (error) {
    await restore();
    throw error;
  }
  return restore;
}

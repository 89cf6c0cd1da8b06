import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { captureChild, root, say, seconds } from "./process.mjs";

const stampFile = join(root, "node_modules", ".seb-lock");

/** Installs when `node_modules` is absent or belongs to another lockfile. Answers an exit code; says nothing when there is nothing to do. */
export async function install() {
  const lockfile = readFileSync(join(root, "package-lock.json"));
  const stamp = `${createHash("sha256").update(lockfile).digest("hex")} ${process.platform}-${process.arch}\n`;
  if (readText(stampFile) === stamp) return 0;
  if (holdsWhatIsLocked(JSON.parse(lockfile.toString("utf8")))) {
    writeFileSync(stampFile, stamp);
    return 0;
  }
  say("installing the locked dependencies (npm ci); the first time takes a minute or so ...");
  const [command, ...args] = npm();
  // The development dependencies are what builds and tests: NODE_ENV=production must not leave them out.
  const result = await captureChild(command, [...args, "ci", "--include=dev", "--no-audit", "--no-fund"]);
  if (result.code !== 0) {
    process.stderr.write(result.output);
    say("npm ci failed; nothing was run");
    return 1;
  }
  writeFileSync(stampFile, stamp);
  say(`installed in ${seconds(result.ms)}`);
  return 0;
}

function npm() {
  const script = process.env.npm_execpath;
  return script?.endsWith("npm-cli.js") ? [process.execPath, script] : ["npm"];
}

function readText(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * True when npm's own record of what it installed names exactly the locked packages, as after `npm install` by hand.
 * Optional packages may be absent: they belong to other platforms.
 */
function holdsWhatIsLocked(lock) {
  const text = readText(join(root, "node_modules", ".package-lock.json"));
  if (text === undefined) return false;
  const installed = JSON.parse(text).packages ?? {};
  for (const path of Object.keys(installed)) if (lock.packages[path] === undefined) return false;
  for (const [path, wanted] of Object.entries(lock.packages)) {
    if (path === "") continue;
    const found = installed[path];
    if (found === undefined) {
      if (wanted.optional !== true && wanted.devOptional !== true) return false;
    } else if (found.version !== wanted.version || found.integrity !== wanted.integrity) return false;
  }
  return true;
}

// Unpacks a Debian package, with the libraries this machine lacks, into the cache: nothing is installed and no right is needed.
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { binFolder } from "./cache.mjs";
import { kinds } from "./kinds.mjs";
import { run } from "./run.mjs";
import { ServerUnavailable } from "./unavailable.mjs";

/** Downloads and unpacks `name` into the cache. */
export async function aptUnpack(name, env, onProgress) {
  const aptEnv = { ...env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
  for (const tool of ["apt-get", "dpkg"]) {
    const { code } = await run(tool, ["--version"], { env: aptEnv });
    if (code !== 0)
      throw new ServerUnavailable(name, `there is no \`${tool}\` command to fetch it with`, kinds[name].otherwise);
  }
  const home = dirname(binFolder(name, env));
  mkdirSync(dirname(home), { recursive: true });
  const work = mkdtempSync(`${home}.tmp-`);
  try {
    onProgress(`fetching ${name} with apt-get download`);
    await download(name, work, aptEnv, onProgress);
    const rootFolder = join(work, "root");
    for (const file of readdirSync(work).filter((entry) => entry.endsWith(".deb"))) {
      await must(name, "dpkg", ["-x", join(work, file), rootFolder], { env: aptEnv });
      rmSync(join(work, file));
    }
    writeWrapper(join(work, "bin"), name);
    rmSync(home, { recursive: true, force: true });
    renameSync(work, home);
    onProgress(`${name} unpacked`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** First with the package lists of the machine; when they are absent or name files that are gone, with fresh ones of our own. */
async function download(name, work, env, onProgress) {
  if ((await tryDownload(name, work, env, [])) === undefined) return;
  const own = join(work, "apt");
  for (const folder of ["lists/partial", "archives/partial"]) mkdirSync(join(own, folder), { recursive: true });
  const options = [
    ...["-o", `Dir::State::lists=${join(own, "lists")}`],
    ...["-o", `Dir::Cache=${own}`],
    // As root apt would fetch as a user who cannot read this folder.
    ...["-o", "APT::Sandbox::User=root"],
  ];
  onProgress("the package lists of this machine do not do; fetching lists of our own");
  await run("apt-get", [...options, "update"], { env });
  const problem = await tryDownload(name, work, env, options);
  rmSync(own, { recursive: true, force: true });
  if (problem !== undefined) throw new ServerUnavailable(name, problem, kinds[name].otherwise);
}

/** Answers what went wrong, or undefined. */
async function tryDownload(name, work, env, options) {
  const simulated = await run("apt-get", [...options, "install", "-s", "--no-install-recommends", kinds[name].apt], {
    env,
  });
  if (simulated.code !== 0) return tail(simulated.output);
  const missing = [...simulated.output.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]);
  // The tools' package holds the executable; the server's is a link to it.
  const packages = new Set([kinds[name].apt, ...kinds[name].aptAlso, ...missing]);
  const fetched = await run("apt-get", [...options, "download", ...packages], { env, cwd: work });
  return fetched.code === 0 ? undefined : tail(fetched.output);
}

/** A script beside the unpacked tree: the executable needs the libraries that came with it. */
function writeWrapper(folder, name) {
  const script = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
libraries=
for folder in "$here"/../root/usr/lib/*-linux-* "$here"/../root/lib/*-linux-* "$here"/../root/usr/lib; do
  [ -d "$folder" ] && libraries=$libraries$folder:
done
LD_LIBRARY_PATH=$libraries$LD_LIBRARY_PATH exec "$here/../root/usr/bin/${name}" "$@"
`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), script, { mode: 0o755 });
}

async function must(name, command, args, options) {
  const { code, output } = await run(command, args, options);
  if (code !== 0) throw new ServerUnavailable(name, `${command} failed: ${tail(output)}`, kinds[name].otherwise);
}

function tail(output) {
  return output.trim().split("\n").slice(-3).join("\n");
}

// Builds a server from the sources that go.mod and go.sum pin.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { binFolder, goModule } from "./cache.mjs";
import { kinds } from "./kinds.mjs";
import { run } from "./run.mjs";
import { ServerUnavailable } from "./unavailable.mjs";

const progressEveryMs = 5000;

/** Builds `name` into the cache at low priority; a progress line every 5 s. */
export async function goBuild(name, env, onProgress) {
  const goEnv = { ...env, GOWORK: "off", GO111MODULE: "on" };
  await requireGo(name, goEnv);
  const folder = binFolder(name, env);
  const target = join(folder, name);
  const made = `${target}.${process.pid}.tmp`;
  mkdirSync(folder, { recursive: true });

  const { package: path, module } = kinds[name].go;
  const version = pinnedVersion(module);
  const watch = progressOf(`${name} ${version}`, onProgress);
  // -mod=readonly: a build never changes what is pinned. -v names each package when its turn comes.
  const flags = ["-v", "-trimpath", "-mod=readonly", "-buildvcs=false", `-ldflags=${ldflags(name, version)}`];
  const args = ["build", ...flags, "-o", made, path];
  const { code, output } = await run("go", args, { env: goEnv, cwd: goModule, niced: true, onLine: watch.line });
  watch.stop();
  if (code !== 0) {
    rmSync(made, { force: true });
    const remedy = "make the Go module proxy reachable (see `go env GOPROXY`), then run the same command again";
    throw new ServerUnavailable(name, `go build failed: ${output.trim().split("\n").slice(-5).join("\n")}`, remedy);
  }
  renameSync(made, target);
  onProgress(`${name} ${version} built in ${watch.seconds()} s, ${Math.round(statSync(target).size / 1e6)} MB`);
}

async function requireGo(name, goEnv) {
  const wanted = /^go (\S+)$/m.exec(readFileSync(join(goModule, "go.mod"), "utf8"))?.[1];
  const { code, output } = await run("go", ["env", "GOVERSION"], { env: goEnv, cwd: goModule });
  if (code === 0) return;
  const why = code === 127 ? "there is no `go` command to build it with" : output.trim();
  throw new ServerUnavailable(name, why, `install Go ${wanted} or newer: https://go.dev/doc/install`);
}

function pinnedVersion(module) {
  const text = readFileSync(join(goModule, "go.mod"), "utf8");
  const version = new RegExp(`^\\s*${module.replaceAll(".", "\\.")} (v\\S+)$`, "m").exec(text)?.[1];
  if (version === undefined) throw new Error(`go.mod does not require ${module}`);
  return version;
}

/** Without these the apiserver would call itself v0.0.0. */
function ldflags(name, version) {
  if (name !== "kube-apiserver") return "-s -w";
  const [major, minor] = version.slice(1).split(".");
  const at = "k8s.io/component-base/version";
  return `-s -w -X ${at}.gitVersion=${version} -X ${at}.gitMajor=${major} -X ${at}.gitMinor=${minor}`;
}

function progressOf(what, onProgress) {
  const started = performance.now();
  const count = { downloaded: 0, compiled: 0 };
  const seconds = () => Math.round((performance.now() - started) / 1000);
  onProgress(`building ${what} (a few minutes on a small machine; once)`);
  const timer = setInterval(() => {
    const { downloaded, compiled } = count;
    onProgress(`building ${what}: ${downloaded} modules fetched, ${compiled} packages compiled, ${seconds()} s`);
  }, progressEveryMs);
  return {
    line(line) {
      if (line.startsWith("go: downloading")) count.downloaded += 1;
      else count.compiled += 1;
    },
    seconds,
    stop: () => clearInterval(timer),
  };
}

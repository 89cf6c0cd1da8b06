// The two processes under measurement, each with the counting preload.
import { execFileSync, fork } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;

/** USER_HZ is 100 on every Linux that Node runs on. */
const MS_PER_TICK = 10;

/**
 * CPU time of a process, of the children it has waited for, and of those that live, in milliseconds; 0 where there is no /proc.
 * It tells what work costs also while other programs share the machine.
 */
function cpuOfTree(pid) {
  try {
    // proc(5): fields 14 to 17, counted behind the closing bracket of the command, which is field 2.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
    return ticks * MS_PER_TICK + children.reduce((sum, child) => sum + cpuOfTree(child), 0);
  } catch {
    return 0;
  }
}

/** Starts a main with the counters; answers its first line of JSON with `ready`, a way to count, and a way to stop. */
async function start(name, main, args, folder) {
  const child = fork(main, args, {
    execArgv: ["--import", here("./counters.mjs")],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder },
  });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors = (errors + chunk).slice(-4000);
  });
  const ready = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${name} did not start\n${errors}`)), READY_TIMEOUT_MS);
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (!line.startsWith('{"ready":')) return;
      clearTimeout(timer);
      const said = JSON.parse(line);
      if (said.ready) resolve(said);
      else reject(new Error(`${name} is not ready\n${errors}`));
    });
    child.once("exit", (code) => reject(new Error(`${name} ended with ${code}\n${errors}`)));
  });
  const ask = (question) =>
    new Promise((resolve) => {
      child.once("message", resolve);
      child.send(question);
    });
  return {
    ready,
    count: async () => ({ ...(await ask({ ask: "count" })).counts, cpuMs: cpuOfTree(child.pid) }),
    rssBytes: async () => (await ask({ ask: "count" })).rssBytes,
    /** Begins a CPU profile; with a file, ends it and writes it there. */
    profile: (file) => ask({ ask: "profile", file }),
    stop: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
        child.once("exit", () => {
          clearTimeout(timer);
          resolve();
        });
        child.kill("SIGTERM");
      }),
  };
}

/** The product: `seb dev` over the prepared folder. */
export async function startProduct(root, seb, folder) {
  const main = join(root, "apps", "dev", "dist", "main.js");
  const started = await start("the product", main, ["--folder", seb, "--json"], folder);
  const { signer, broker } = started.ready.urls;
  return { name: "product", ...started, signer, broker };
}

/** The floor over a copy of the product's repository, or over the same cluster. */
export async function startFloor(seb, folder, { workers, builder }, cluster) {
  const place = join(folder, "floor");
  mkdirSync(place);
  const url = join(place, "gitops.git");
  if (cluster === undefined)
    execFileSync("git", ["clone", "--quiet", "--bare", join(seb, "gitops.git"), url], { stdio: "ignore" });
  const config = join(place, "config.json");
  const agents = workers.map(({ key }) => key.publicJwk);
  writeFileSync(config, JSON.stringify({ folder: place, url, cluster, agents, builder: builder.publicJwk }));
  const started = await start("the floor", here("./floor/main.mjs"), [config], folder);
  return { name: "floor", ...started, signer: started.ready.url, broker: started.ready.url };
}

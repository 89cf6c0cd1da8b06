// The three services as processes of their own, started as a supervisor would: no option of Node's but those that a soak adds.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { spawnProcess } from "@seb/testkit";
import { SERVICES } from "./world.mjs";

const READY_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 10_000;

/** Reasons of `/readyz`, none when it is ready; undefined while nothing answers. */
export async function reasonsOf(url) {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5000) });
    const body = await answer.json();
    return answer.ok ? [] : body.facts.reasons;
  } catch {
    return undefined;
  }
}

/** Waits until a service is ready but for the reasons that `mayLack` names. Throws when its process ends or the time is over. */
async function untilReady(name, url, process, mayLack = []) {
  let ended;
  void process.exited.then((exit) => {
    ended = exit;
  });
  for (const end = performance.now() + READY_TIMEOUT_MS; ; await sleep(50)) {
    const reasons = await reasonsOf(url);
    if (reasons?.every((reason) => mayLack.includes(reason))) return;
    if (ended === undefined && performance.now() < end) continue;
    const how =
      ended === undefined ? `is not ready: ${reasons ?? "no answer"}` : `ended with ${ended.code ?? ended.signal}`;
    throw new Error(`${name} ${how}\n${process.stderr().slice(-2000)}`);
  }
}

/**
 * Starts all three over a world, activates its bundle, and waits until each is ready.
 * @param {{node: string, signerOptions: readonly string[]}} how  `node`: the executable that runs them; `signerOptions`: of Node's, for the signer.
 * @returns the processes by name, and how to stop them.
 */
export async function startServices(root, folder, world, { node, signerOptions }) {
  const env = { PATH: process.env.PATH, HOME: folder };
  const processes = Object.fromEntries(
    SERVICES.map((name) => {
      const main = join(root, "apps", name, "dist", "main.js");
      const options = name === "signer" ? signerOptions : [];
      const args = [...options, main, "--config", world.settings(name)];
      return [name, spawnProcess({ command: node, args, env, cwd: folder })];
    }),
  );
  const stop = async () => {
    await Promise.all(SERVICES.map((name) => processes[name].stop("SIGTERM", STOP_GRACE_MS)));
  };
  try {
    await untilReady("revocation", world.urls.revocation, processes.revocation);
    for (const name of ["broker", "signer"])
      await untilReady(name, world.urls[name], processes[name], ["no_active_bundle"]);
    await world.activate();
    for (const name of SERVICES) await untilReady(name, world.urls[name], processes[name]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { processes, stop };
}

// An environment as `seb init` writes it, over a Redis and a NATS of its own, with as many agents and services as there are workers.
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePort, startNats, startRedis } from "@seb/testkit";
import { parse, stringify } from "yaml";
import { proposalsOf } from "../bench/flow.mjs";
import { makeWorld } from "../bench/world.mjs";
import { activate } from "./activate.mjs";

export const SERVICES = ["revocation", "broker", "signer"];
/** More than one agent asks for in a minute: the limits of a deployment would slow the soak down. */
const REQUESTS_PER_MINUTE = 100_000;
/** A part of the tests, which a copy of the build does not have. */
const PREPARE = fileURLToPath(new URL("../mains/prepare.mjs", import.meta.url));
const execute = promisify(execFile);

/** Runs a script, of the root unless its path is absolute, to its end with nothing of this process's environment but PATH. Rejects when it fails. */
function runner(root, folder) {
  const env = { PATH: process.env.PATH, HOME: folder, SEB_ROOT: root };
  return (script, ...args) => execute(process.execPath, [resolve(root, script), ...args], { cwd: folder, env });
}

/** Starts Redis and NATS on the ports that the settings name, with the users that `seb init` made, and makes the streams. */
async function startServers(run, play, ports, running) {
  const servers = join(play, "servers");
  const redis = { dir: join(play, "redis"), port: ports.redis, aclFile: join(servers, "redis", "users.acl") };
  const nats = {
    dir: join(play, "nats"),
    port: ports.nats,
    monitorPort: ports.monitor,
    authFile: join(servers, "nats", "accounts.conf"),
  };
  for (const { dir } of [redis, nats]) mkdirSync(dir, { recursive: true });
  running.push(await startRedis(redis));
  const broadcast = await startNats(nats);
  running.push(broadcast);
  const admin = ["--user", "admin", "--password-file", join(servers, "nats", "admin.password")];
  await run("infra/nats/streams.mjs", "--server", broadcast.url, ...admin);
}

function changeSettings(play, service, change) {
  const file = join(play, service, `${service}.yaml`);
  const settings = parse(readFileSync(file, "utf8"));
  change(settings);
  writeFileSync(file, stringify(settings));
}

/** What the teams of a deployment write: bounds, the target, limits of requests; and the owners' signatures. */
async function fillIn(run, play, seb) {
  const owners = [1, 2].flatMap((number) => ["--owner", join(play, "owners", `owner-${number}.json`)]);
  const pins = join(play, "trust", "trust-pins.json");
  await run("apps/seb/bin/seb.js", "trust", "sign", join(play, "trust", "trust.json"), "--pins", pins, ...owners);
  for (const name of ["ceilings.yaml", "targets.yaml"]) copyFileSync(join(seb, name), join(play, "broker", name));
  changeSettings(play, "signer", ({ service }) => {
    service.requests_per_minute = REQUESTS_PER_MINUTE;
  });
  changeSettings(play, "broker", ({ service }) => {
    service.observations_per_minute = REQUESTS_PER_MINUTE;
  });
}

/**
 * Makes everything that three services need before they start, below `folder`.
 * @returns urls of the services, `settings(service)`, the workers with their proposals, how to activate the bundle, how to end the servers.
 */
export async function makeSoakWorld(root, folder, { workers: count }) {
  const run = runner(root, folder);
  const [signer, broker, revocation, redis, nats, monitor] = await Promise.all(Array.from({ length: 6 }, freePort));
  const urlOf = (port, scheme = "http") => `${scheme}://127.0.0.1:${port}`;
  const urls = { signer: urlOf(signer), broker: urlOf(broker), revocation: urlOf(revocation) };

  const seb = join(folder, ".seb");
  const { workers, builder } = makeWorld(root, seb, { count, target: "gitops" });
  for (const worker of workers) worker.proposals = proposalsOf(worker, builder, "deploy");
  await run(PREPARE, seb, JSON.stringify(urls));

  const play = join(folder, "play");
  const places = ["--redis", urlOf(redis, "redis"), "--nats", urlOf(nats, "nats"), "--nats-monitor", urlOf(monitor)];
  const own = SERVICES.flatMap((name) => [`--${name}-url`, urls[name]]);
  await run("apps/seb/bin/seb.js", "init", "--env", "dev", "--out", play, ...places, ...own);
  await fillIn(run, play, seb);

  const running = [];
  const stop = async () => {
    await Promise.all(running.map((server) => server.dispose()));
  };
  try {
    await startServers(run, play, { redis, nats, monitor }, running);
  } catch (error) {
    await stop();
    throw error;
  }
  const activateIt = () =>
    activate({
      control: join(seb, "control"),
      bundles: join(play, "bundles"),
      operators: [1, 2].map((number) => join(play, "operators", `operator-${number}.json`)),
      audience: "env:dev",
      revocation: urls.revocation,
    });
  return { urls, workers, settings: (service) => join(play, service, `${service}.yaml`), activate: activateIt, stop };
}

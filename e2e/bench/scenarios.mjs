import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startCluster, whyNoCluster } from "./cluster.mjs";
import { change, proposalsOf, verification } from "./flow.mjs";
import { countOperations, measure } from "./measure.mjs";
import { startFloor, startProduct } from "./sides.mjs";
import { createClient } from "./wire.mjs";
import { makeWorld } from "./world.mjs";

const COUNTED_TURNS = 16;
const BLOCK_MS = 1500;

/** Where the changes are made. */
const GIT = { target: "gitops", action: "deploy" };
const KUBERNETES = { target: "cluster", action: "k8s-deploy" };

/** Starts both sides over one world, lets `work` measure them, and stops them. */
async function withSides({ root, folder, concurrency }, { target, action }, work) {
  mkdirSync(folder, { recursive: true });
  const seb = join(folder, ".seb");
  const world = makeWorld(root, seb, { count: Math.max(16, ...concurrency), target });
  for (const worker of world.workers) {
    worker.proposals = proposalsOf(worker, world.builder, action);
    worker.turns = { product: 0, floor: 0 };
  }
  const running = [];
  const client = createClient();
  try {
    const started = async (side) => {
      running.push(side);
      return side;
    };
    const cluster = target === "cluster" ? await started(await startCluster(root, seb, folder, world)) : undefined;
    const product = await started(await startProduct(root, seb, folder));
    const floor = await started(await startFloor(seb, folder, world, cluster?.access));
    const sides = [product, floor].map((side) => ({ ...side, turn: 0 }));
    return await work(sides, world, client);
  } finally {
    client.close();
    for (const side of running.reverse()) await side.stop();
  }
}

/** Warms both sides up, counts, and measures `once` at each concurrency. */
async function run({ root, concurrency, seconds, profile }, sides, { workers }, name, once) {
  await measure(sides, workers, once, { concurrency: 4, seconds: 2, blockMs: 1000 });
  const counted = {};
  for (const side of sides) counted[side.name] = await countOperations(side, workers, once, COUNTED_TURNS);
  const measured = [];
  for (const hands of concurrency) {
    if (profile) for (const side of sides) await side.profile();
    const parts = await measure(sides, workers, once, { concurrency: hands, seconds, blockMs: BLOCK_MS });
    measured.push({ concurrency: hands, parts });
    if (!profile) continue;
    for (const side of sides) await side.profile(join(root, "reports", `${name}-${hands}-${side.name}.cpuprofile`));
  }
  const memory = {};
  for (const side of sides) memory[side.name] = Math.round((await side.rssBytes()) / 1e6);
  return { counted: { [name]: counted }, measured, rss_mb: memory };
}

const changes = (options, place, about) =>
  withSides(options, place, async (sides, world, client) => ({
    about,
    ...(await run(options, sides, world, "change", (side, worker, turn) => change(side, client, worker, turn))),
  }));

const verifications = (options, place, about) =>
  withSides(options, place, async (sides, world, client) => ({
    about: [
      "POST /v1/verifications: the whole admission of an execution with a look instead of the take, and one record.",
      ...about,
    ],
    ...(await run(options, sides, world, "verification", (side, worker) => verification(side, client, worker))),
  }));

const git = (options) =>
  changes(options, GIT, [
    "One certified change of a file in a local bare repository: observe, ask for a certificate, execute.",
    "At once: changes of different files of one branch. Times as the agent sees them.",
  ]);

const brokerOnly = (options) =>
  verifications(options, GIT, [
    "Nothing is changed and no target was faked: one look at the repository is part of it.",
  ]);

async function onCluster(measureThem) {
  const why = await whyNoCluster();
  if (why !== undefined) return { skipped: why };
  try {
    return await measureThem();
  } catch (error) {
    // A server that cannot be had on this machine says how to get it.
    if (error.message.includes("kube-apiserver") || error.message.includes("etcd")) return { skipped: error.message };
    throw error;
  }
}

const kubernetes = (options) =>
  onCluster(() =>
    changes(options, KUBERNETES, [
      "One certified change of a Deployment of a real kube-apiserver, through an identity made for it: observe, ask, execute.",
      "All rendered policies are in force, for both sides. At once: different Deployments.",
    ]),
  );

const brokerOnlyKubernetes = (options) =>
  onCluster(() => verifications(options, KUBERNETES, ["Nothing is changed: one GET at the API server is part of it."]));

/** Scenarios by name. Each answers what was counted and measured, or why it was left out. */
export const scenarios = {
  git,
  "broker-only": brokerOnly,
  kubernetes,
  "broker-only-kubernetes": brokerOnlyKubernetes,
};

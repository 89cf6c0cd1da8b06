import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { change, proposalsOf, verification } from "./flow.mjs";
import { countOperations, measure } from "./measure.mjs";
import { startFloor, startProduct } from "./sides.mjs";
import { createClient } from "./wire.mjs";
import { makeWorld } from "./world.mjs";

const COUNTED_TURNS = 16;
const BLOCK_MS = 1500;

/** Starts both sides over one world, lets `work` measure them, and stops them. */
async function withSides({ root, folder, concurrency }, work) {
  mkdirSync(folder, { recursive: true });
  const seb = join(folder, ".seb");
  const world = makeWorld(root, seb, Math.max(16, ...concurrency));
  for (const worker of world.workers) {
    worker.proposals = proposalsOf(worker, world.builder);
    worker.turns = { product: 0, floor: 0 };
  }
  const product = await startProduct(root, seb, folder);
  let floor;
  const client = createClient();
  try {
    floor = await startFloor(seb, folder, world);
    const sides = [product, floor].map((side) => ({ ...side, turn: 0 }));
    return await work(sides, world, client);
  } finally {
    client.close();
    await product.stop();
    await floor?.stop();
  }
}

/** Warms both sides up, counts, and measures `once` at each concurrency. */
async function run(options, sides, world, name, once) {
  const { workers } = world;
  const warm = { concurrency: 4, seconds: 2, blockMs: 1000 };
  await measure(sides, workers, once, warm);
  const counted = { [name]: {} };
  for (const side of sides) counted[name][side.name] = await countOperations(side, workers, once, COUNTED_TURNS);
  const measured = [];
  for (const concurrency of options.concurrency) {
    const settings = { concurrency, seconds: options.seconds, blockMs: BLOCK_MS };
    if (options.profile) for (const side of sides) await side.profile();
    measured.push({ concurrency, parts: await measure(sides, workers, once, settings) });
    if (!options.profile) continue;
    for (const side of sides)
      await side.profile(join(options.root, "reports", `${name}-${concurrency}-${side.name}.cpuprofile`));
  }
  const memory = {};
  for (const side of sides) memory[side.name] = Math.round((await side.rssBytes()) / 1e6);
  return { counted, measured, rss_mb: memory };
}

const git = (options) =>
  withSides(options, async (sides, world, client) => ({
    about: [
      "One certified change of a file in a local bare repository: observe, ask for a certificate, execute.",
      "At once: changes of different files of one branch. Times in ms as the agent sees them.",
    ],
    ...(await run(options, sides, world, "change", (side, worker, turn) => change(side, client, worker, turn))),
  }));

const brokerOnly = (options) =>
  withSides(options, async (sides, world, client) => ({
    about: [
      "POST /v1/verifications: the whole admission of an execution with a look instead of the take, one look at the target, one record.",
      "Nothing is changed; no target was faked.",
    ],
    ...(await run(options, sides, world, "verification", (side, worker) => verification(side, client, worker))),
  }));

/** Scenarios by name. Each answers what was counted and measured, or why it was left out. */
export const scenarios = { git, "broker-only": brokerOnly };

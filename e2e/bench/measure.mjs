import { latency, median, ratio } from "./stats.mjs";

/** Runs `once(side, worker, turn)` for a time with so many workers at once. A failure ends the bench: a fast refusal is no result. */
async function block(side, workers, once, ms) {
  const end = performance.now() + ms;
  const began = performance.now();
  const samples = [];
  await Promise.all(
    workers.map(async (own) => {
      do {
        // One worker at a time still takes turns, as the limits of one agent's requests per minute are part of the product.
        const worker = own[side.turn % own.length];
        side.turn += 1;
        samples.push(await once(side, worker, worker.turns[side.name]++));
      } while (performance.now() < end);
    }),
  );
  return { parts: samples, elapsedMs: performance.now() - began };
}

/** Deals workers out to `concurrency` hands. */
function deal(workers, concurrency) {
  return Array.from({ length: concurrency }, (_, hand) => workers.filter((_worker, at) => at % concurrency === hand));
}

/**
 * Measures both sides in alternating blocks: product, floor, floor, product, ... so that a machine that slows down slows both.
 * Answers per part (`total` and whatever else `once` times) the latencies, throughput and ratios.
 */
export async function measure(sides, workers, once, { concurrency, seconds, blockMs }) {
  const hands = deal(workers, concurrency);
  const rounds = Math.max(1, Math.round((seconds * 1000) / (2 * blockMs)));
  const blocks = { product: [], floor: [] };
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? sides : [...sides].reverse();
    for (const side of order) {
      const before = await side.count();
      const done = await block(side, hands, once, blockMs);
      const after = await side.count();
      const cpuMs = (after.cpuMs - before.cpuMs) / done.parts.length;
      blocks[side.name].push({ ...done, cpuMs });
    }
  }
  const parts = Object.keys(blocks.product[0].parts[0]);
  return Object.fromEntries(parts.map((part) => [part, summary(blocks, part)]));
}

function summary(blocks, part) {
  const of = (side) => blocks[side].map(({ parts }) => ({ samples: parts.map((sample) => sample[part]) }));
  const side = (name) => {
    const samples = of(name).flatMap((one) => one.samples);
    const perSecond = blocks[name].map(({ parts, elapsedMs }) => (parts.length * 1000) / elapsedMs);
    const whole = part === "total";
    const cpuMs = blocks[name].map((one) => one.cpuMs);
    return {
      ...latency(samples),
      per_second: whole ? median(perSecond) : null,
      cpu_ms: whole ? median(cpuMs) : null,
    };
  };
  const [product, floor] = [side("product"), side("floor")];
  const whole = part === "total";
  return {
    product,
    floor,
    ratio: {
      ...ratio(of("product"), of("floor")),
      throughput: whole ? product.per_second / floor.per_second : null,
      cpu: whole ? product.cpu_ms / floor.cpu_ms : null,
    },
  };
}

/**
 * Counts operations per turn of `once`: a run of `turns` minus what the process does by itself in the same time (heartbeats), so the
 * numbers are close to whole. Not during the measurement: counting is cheap, but the runs are short.
 */
export async function countOperations(side, workers, once, turns) {
  const run = async (work) => {
    const before = await side.count();
    const began = performance.now();
    await work();
    const after = await side.count();
    const used = Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - before[name]]));
    return { used, ms: performance.now() - began };
  };
  const all = async () => {
    for (let turn = 0; turn < turns; turn += 1) {
      const worker = workers[turn % workers.length];
      await once(side, worker, worker.turns[side.name]++);
    }
  };
  // Once uncounted, so that nothing is counted that later turns do not need.
  await all();
  const busy = await run(all);
  const idle = await run(() => new Promise((resolve) => setTimeout(resolve, Math.max(2000, busy.ms))));
  return Object.fromEntries(
    Object.entries(busy.used).map(([name, value]) => {
      const own = (idle.used[name] * busy.ms) / idle.ms;
      return [name, Math.round(((value - own) / turns) * 10) / 10];
    }),
  );
}

/** Quantile of numbers, by nearest rank; NaN for none. */
export function quantile(numbers, q) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

export const median = (numbers) => quantile(numbers, 0.5);

/** p50 and p99 in milliseconds, and how many. */
export function latency(samplesMs) {
  return { count: samplesMs.length, p50_ms: quantile(samplesMs, 0.5), p99_ms: quantile(samplesMs, 0.99) };
}

/** Product over floor: the medians of all samples, and the median of the ratios of neighbouring blocks, which drifts of the machine touch less. */
export function ratio(productBlocks, floorBlocks) {
  const all = (blocks) => blocks.flatMap(({ samples }) => samples);
  const pairs = productBlocks.slice(0, floorBlocks.length).map((block, at) => {
    return median(block.samples) / median(floorBlocks[at].samples);
  });
  return {
    p50: quantile(all(productBlocks), 0.5) / quantile(all(floorBlocks), 0.5),
    p99: quantile(all(productBlocks), 0.99) / quantile(all(floorBlocks), 0.99),
    blocks: median(pairs.filter((value) => Number.isFinite(value))),
  };
}

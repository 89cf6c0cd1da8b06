const number = (value, digits = 1) => (value === null || !Number.isFinite(value) ? "" : value.toFixed(digits));

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) {
    const cells = row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])));
    console.log(`  ${cells.join("  ").trimEnd()}`);
  }
}

function timings(measured) {
  const head = [
    "part",
    "side",
    "at once",
    "p50 ms",
    "p99 ms",
    "per s",
    "CPU ms",
    "p50 ratio",
    "by blocks",
    "p99 ratio",
    "CPU ratio",
  ];
  const rows = measured.flatMap(({ concurrency, parts }) =>
    Object.entries(parts).flatMap(([part, { product, floor, ratio }]) => {
      const cells = (side) => [
        number(side.p50_ms, 2),
        number(side.p99_ms, 2),
        number(side.per_second),
        number(side.cpu_ms),
      ];
      const ratios = [ratio.p50, ratio.blocks, ratio.p99, ratio.cpu].map((value) => number(value, 2));
      return [
        [part, "product", String(concurrency), ...cells(product), ...ratios],
        [part, "floor", String(concurrency), ...cells(floor), "", "", "", ""],
      ];
    }),
  );
  table([head, ...rows]);
}

const COUNTED = {
  served: "requests",
  verifies: "verifies",
  signatures: "signatures",
  syncs: "fsyncs",
  processes: "git runs",
  calls: "API calls",
  keyImports: "key imports",
};

function operations(counted) {
  const rows = Object.entries(counted).flatMap(([part, sides]) =>
    Object.entries(sides).map(([side, counts]) => [
      part,
      side,
      ...Object.keys(COUNTED).map((key) => String(counts[key])),
    ]),
  );
  table([["operations of one", "side", ...Object.values(COUNTED)], ...rows]);
}

/** Prints one scenario as a person reads it. */
export function print(name, { skipped, about, counted, measured, rss_mb }) {
  console.log(`\n== ${name}`);
  if (skipped !== undefined) {
    console.log(`  left out: ${skipped}`);
    return;
  }
  for (const line of about) console.log(`  ${line}`);
  console.log("");
  operations(counted);
  console.log("");
  timings(measured);
  console.log(`\n  memory at the end: product ${rss_mb.product} MB, floor ${rss_mb.floor} MB`);
}

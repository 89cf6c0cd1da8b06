#!/usr/bin/env node
// Entry of every root script: `node infra/run.mjs <task> [args]`. Only built-ins, because it is also what installs everything else.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `seb: Node 20.19 or newer is needed; this is ${process.versions.node}. See https://nodejs.org/en/download`,
  );
  process.exit(2);
}

// Imported only now: an older Node would fail on the syntax of these files before it could say why.
const { main } = await import("./tasks.mjs");
process.exitCode = await main(process.argv.slice(2));

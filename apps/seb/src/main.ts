import { processIo } from "./io.js";
import { run } from "./program.js";

/** The exit code; a bug or a lost dependency is said in one line, without a stack. */
async function exitCode(): Promise<number> {
  try {
    return await run(process.argv.slice(2), processIo());
  } catch (error) {
    const what = error instanceof Error ? error.message : "unknown";
    process.stderr.write(`internal: this command met a bug: ${what.slice(0, 300)}\n`);
    return 3;
  }
}

// A reader that has gone away, as in `... | head -1`, is no reason to crash.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
const code = await exitCode();
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write("", done))));
// A connection or a name that is still being looked up must not hold the process.
process.exit(code);

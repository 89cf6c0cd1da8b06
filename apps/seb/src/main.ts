import { processIo } from "./io.js";
import { run } from "./program.js";

try {
  process.exitCode = await run(process.argv.slice(2), processIo());
} catch (error) {
  // A bug or a lost dependency: said in one line, without a stack.
  const what = error instanceof Error ? error.message : "unknown";
  process.stderr.write(`internal: this command met a bug: ${what.slice(0, 300)}\n`);
  process.exitCode = 3;
}

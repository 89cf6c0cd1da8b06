import { processIo } from "./io.js";
import { run } from "./program.js";

/** The exit code of a command whose answer nobody could read. */
const ANSWER_LOST = 3;

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

let unwritten: string | undefined;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that has gone away, as in `... | head -1`, has read what it wanted; on a full disk an answer is lost.
  if (error.code !== "EPIPE") unwritten ??= error.code ?? error.message;
});
process.stderr.on("error", () => undefined);
const code = await exitCode();
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write("", done))));
if (unwritten !== undefined) {
  const said = `the answer could not be written to standard output (${unwritten}); the command itself ended with ${code}\n`;
  await new Promise((done) => process.stderr.write(said, done));
}
// A connection or a name that is still being looked up must not hold the process.
process.exit(unwritten !== undefined && code === 0 ? ANSWER_LOST : code);

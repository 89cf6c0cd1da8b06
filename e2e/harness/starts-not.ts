import type { Environment } from "./environment.js";

/** Starts an environment that must refuse to start: its process ends with this exit code and names this code. */
export async function startsNot(environment: Environment, code: string, exit: number): Promise<void> {
  const outcome = await environment.start().then(
    () => "it started",
    (error: unknown) => String(error),
  );
  // Where it did start, nothing of it may stay behind.
  await environment.stop();
  const wanted = new RegExp(`before it ended \\(${exit}\\).*${code}`, "s");
  if (!wanted.test(outcome)) throw new Error(`it should have ended with ${exit} and ${code}: ${outcome}`);
}

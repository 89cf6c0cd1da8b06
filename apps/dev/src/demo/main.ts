import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaint } from "./paint.js";
import { type Services, startServices } from "./services.js";
import { Stage } from "./stage.js";
import { play, story } from "./story.js";

const write = (text: string) => void process.stdout.write(text);

async function demo(folder: string, paint: ReturnType<typeof createPaint>): Promise<boolean> {
  let services: Services | undefined;
  const stop = () => void services?.stop().then(() => process.exit(130));
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    write("Starting signer, broker and revocation in one process, on loopback (seb dev) ...\n");
    services = await startServices(folder);
    const failed = await play(new Stage(folder, services, paint, write), story(), write);
    if (failed === undefined) return true;
    write(`\n${paint.bad(`Failed: ${failed.scene}`)}\n  ${failed.what}\n`);
  } catch (error) {
    write(
      `\n${paint.bad("The services did not start")}\n  ${error instanceof Error ? error.message : String(error)}\n`,
    );
  } finally {
    await services?.stop();
  }
  return false;
}

const startedMs = performance.now();
const paint = createPaint(process.stdout.isTTY === true && process.env.NO_COLOR === undefined);
const folder = await mkdtemp(join(tmpdir(), "seb-demo-"));
const good = await demo(folder, paint);
const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
if (good) {
  await rm(folder, { recursive: true, force: true });
  write(`\n${paint.good(`All ${story().length} scenes went as they must`)}, in ${seconds} s.\n`);
} else {
  write(`After ${seconds} s. Everything is kept in ${folder}.\n`);
}
process.exitCode = good ? 0 : 1;

import { type Environment, type ServiceName, until } from "./environment.js";
import { SERVICES } from "./real-settings.js";

/** How long until a start says what is wrong, in milliseconds. */
const SAYS_WITHIN_MS = 40_000;

/** Starts an environment that must refuse to start: its process ends with this exit code and names this code. */
export async function startsNot(environment: Environment, code: string, exit: number): Promise<void> {
  if (environment.real !== undefined) return servesNot(environment, code, exit);
  const outcome = await environment.start().then(
    () => "it started",
    (error: unknown) => String(error),
  );
  // Where it did start, nothing of it may stay behind.
  await environment.stop();
  const wanted = new RegExp(`before it ended \\(${exit}\\).*${code}`, "s");
  if (!wanted.test(outcome)) throw new Error(`it should have ended with ${exit} and ${code}: ${outcome}`);
}

/**
 * The same of separate processes: one at least ends like that, or, over what may be put right while it waits, is up but never serves and
 * names this code as its reason.
 */
async function servesNot({ real, stop }: Environment, code: string, exit: number): Promise<void> {
  if (real === undefined) throw new Error("no separate processes");
  const said = SERVICES.map((name) => {
    const service = real.services[name];
    service.start();
    const started = service.process();
    const state = { ended: "" };
    void started.exited.then(({ code: with_ }) => {
      state.ended = `ended (${with_}): ${started.stderr()}${started.stdout()}`;
    });
    return async () => state.ended || `waits: ${(await service.reasons())?.join(", ") ?? "no answer"}`;
  });
  const ended = new RegExp(`^ended \\(${exit}\\).*${code}`, "s");
  const waits = new RegExp(`^waits: .*\\b${code}\\b`);
  let last: readonly string[] = [];
  try {
    await until(
      `one ends with ${exit} and ${code}, or waits for it`,
      async () => {
        last = await Promise.all(said.map((say) => say()));
        return last.some((one) => ended.test(one) || waits.test(one));
      },
      SAYS_WITHIN_MS,
    );
  } catch (error) {
    throw new Error(`${error}\n${last.join("\n")}`);
  } finally {
    await stop();
  }
}

/** Starts one stopped service over a chain that is not what was written: it must end, and say so. */
export async function refusesItsChain(environment: Environment, name: ServiceName): Promise<void> {
  const { real } = environment;
  if (real === undefined) {
    const done = await environment.run("seb", ["dev", "start", name, "--json"]);
    const { code } = JSON.parse(done.stdout);
    if (done.code === 0 || code !== "records_broken") throw new Error(`exit ${done.code}, ${code}`);
    return;
  }
  const service = real.services[name];
  service.start();
  const started = service.process();
  const { code } = await started.exited;
  if (code !== 1 || !started.stdout().includes('"code":"records_broken"'))
    throw new Error(`exit ${code}: ${started.stdout()}`);
}

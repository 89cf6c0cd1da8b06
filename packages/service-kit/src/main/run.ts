import { parseArgs } from "node:util";
import { endsWithin } from "@seb/concurrency";
import { CODES, type Failure, type OpensList, type Result, sentencesOf } from "@seb/schema";
import { type Clock, systemClock } from "../clock.js";
import { type Closers, createClosers } from "../closers.js";
import { createLog, type Log } from "../log.js";
import { createMetrics, type Metrics } from "../metrics.js";
import { StartError } from "../start-error.js";
import { stopSignal } from "./stop-signals.js";
import { waitFor } from "./waiting-room.js";

/** Longest time that what was opened may take to be given up at the end, in milliseconds. */
const CLOSE_MS = 15_000;

/** What a service is opened with, each time that it is. */
export interface Round {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly closers: Closers;
  /** Nothing can be recorded any more: the service is drained and closed, and opened anew. */
  broken(): void;
}

export interface Startable {
  start(): Promise<{ readonly url: string }>;
  stop(): Promise<void>;
}

/** One service's process. `S` is what its configuration and the files named there say. */
export interface ServiceMain<S> {
  readonly name: string;
  /** What the service can open, for `/readyz`, also while it waits for what it needs. */
  readonly opens: OpensList;
  /** Reads the configuration and every file it names; connects to nothing. A failure's pointer names the setting. */
  read(configFile: string): Promise<Result<S>>;
  /** What only `--check-config` looks at: a start waits for it. Answers what keeps nothing from starting and is worth a note. */
  check(settings: S): Promise<Result<readonly string[]>>;
  address(settings: S): { readonly host: string; readonly port: number };
  /** Connects and creates the service. @throws StartError naming what is not there yet: it is tried again. */
  open(settings: S, round: Round): Promise<Startable>;
}

const usageOf = (name: string) => `usage: ${name} --config FILE [--check-config]

  --config FILE    settings (YAML); paths in it are relative to its folder
  --check-config   read the settings and every file they name, connect to nothing
  --help           this text

Logs go to standard output, one JSON object per line. SIGTERM and SIGINT drain the service.
Exit codes: 0 stopped or settings fine, 1 cannot go on, 2 wrong use or wrong settings
`;

/** Runs a service until it is told to stop. Answers the exit code. */
export async function runMain<S>(main: ServiceMain<S>, argv: readonly string[]): Promise<number> {
  const args = readArguments(argv);
  if (args === undefined || args.help) {
    (args ? process.stdout : process.stderr).write(usageOf(main.name));
    return args ? 0 : 2;
  }
  const settings = await main.read(args.config);
  if (!settings.ok) return refuse(main.name, settings.error);
  if (args.check) {
    const checked = await main.check(settings.value);
    if (!checked.ok) return refuse(main.name, checked.error);
    for (const note of checked.value) process.stderr.write(`${main.name}: note: ${note}\n`);
    process.stdout.write(
      `${args.config}: settings of the ${main.name} are fine, and so is every file that a start needs\n`,
    );
    return 0;
  }
  const log = createLog({ name: main.name, stream: { write: (line) => void process.stdout.write(line) } });
  try {
    await serve(main, settings.value, log);
    return 0;
  } catch (error) {
    const failure = error instanceof StartError ? error.failure : undefined;
    log.fatal({ code: failure?.code ?? "internal", ...(failure ?? { err: error }) }, "cannot go on");
    return 1;
  }
}

/** One line, and one for each mistake where there are several; the setting that leads there stands in brackets. */
function refuse(name: string, failure: Failure): number {
  const { code, pointer = "" } = failure;
  const where = pointer === "" ? "" : ` (${pointer})`;
  const [first = "", ...more] = sentencesOf(failure);
  const said =
    more.length === 0 ? `: ${first}${where}` : `${where}:${[first, ...more].map((one) => `\n  ${one}`).join("")}`;
  process.stderr.write(`${name}: ${code}${said}\n${CODES[code].remedy}\n`);
  return 2;
}

function readArguments(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        config: { type: "string" },
        "check-config": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const { config, help, "check-config": check } = values;
    return config === undefined && !help ? undefined : { config: config ?? "", help, check };
  } catch {
    return undefined;
  }
}

/** Round after round: wait, serve, drain. Ends when the process is told to stop. */
async function serve<S>(main: ServiceMain<S>, settings: S, log: Log): Promise<void> {
  const { name } = main;
  const stopped = stopSignal();
  const address = main.address(settings);
  for (let open = true; open; ) {
    const attempt = () => openRound(main, settings, log);
    const opened = await waitFor({ name, address, opens: main.opens, log, stopped, attempt });
    if (opened === undefined) return;
    const { closers, service, lost } = opened;
    try {
      const { url } = await service.start();
      log.info({ url }, "listening");
      const why = await Promise.race([stopped, lost]);
      open = why === "records";
      log.info({ why }, "draining");
    } finally {
      await endsWithin(
        closers.close().catch((error: unknown) => log.error({ err: error }, "not everything could be closed")),
        CLOSE_MS,
      );
    }
  }
  log.info("stopped");
}

/** One attempt. `lost` resolves when what the opened service stands on is lost. */
async function openRound<S>(main: ServiceMain<S>, settings: S, log: Log) {
  const closers = createClosers();
  let broken = () => {};
  const lost = new Promise<"records">((resolve) => {
    broken = () => resolve("records");
  });
  try {
    const round = { log, metrics: createMetrics(main.name), clock: systemClock, closers, broken };
    const service = await main.open(settings, round);
    closers.add(() => service.stop());
    return { closers, service, lost };
  } catch (error) {
    await endsWithin(
      closers.close().catch(() => undefined),
      CLOSE_MS,
    );
    throw error;
  }
}

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Counter, closed, fail, ok, type Result, Thumbprint, validate } from "@seb/schema";
import type { Clock, Log } from "@seb/service-kit";
import { type Trust, verifyTrust } from "@seb/verify-core";
import Type, { type Static } from "typebox";
import { need } from "./failure.js";
import { exists, readJsonFile, writeWhole } from "./files.js";

/** What a service's configuration pins: whose signatures count, and how many are needed. */
const Pins = closed({
  owners: Type.Array(Thumbprint, { minItems: 1, maxItems: 16 }),
  threshold: Type.Integer({ minimum: 1, maximum: 16 }),
});
export type Pins = Static<typeof Pins>;
const Floor = closed({ version: Counter });

export async function readPins(path: string): Promise<Result<Pins>> {
  const read = await readJsonFile(path);
  return read.ok ? validate(Pins, read.value, "setting_invalid") : read;
}

export interface TrustHolderOptions {
  readonly path: string;
  readonly pins: Pins;
  /** The service's own state folder: the highest version it has seen is kept there. */
  readonly stateFolder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How often the file is looked at, in milliseconds; default 500. */
  readonly everyMs?: number;
}

/** One service's view of the trust file. */
export interface TrustHolder {
  current(): Trust;
  /** Reads the file again if it changed. A file that does not verify, or is older than what was seen, changes nothing. */
  refresh(): Promise<Result<void>>;
  stop(): void;
}

/** Loads the trust file of one service and follows its changes. The failure says why the service must not start. */
export async function holdTrust(options: TrustHolderOptions): Promise<Result<TrustHolder>> {
  const { path, clock, log } = options;
  const floorFile = join(options.stateFolder, "trust-floor.json");
  let seen = await stampOf(path);
  const first = await load(options, floorFile);
  if (!first.ok) return first;
  let trust = first.value;

  async function refresh(): Promise<Result<void>> {
    const stamp = await stampOf(path);
    if (stamp === seen) return ok(undefined);
    seen = stamp;
    const next = await load(options, floorFile);
    if (!next.ok) {
      log.error({ code: next.error.code }, "the changed trust file is refused; the earlier one stays in force");
      return next;
    }
    trust = next.value;
    log.info({ version: trust.version, at_ms: clock.nowMs() }, "the trust file was read again");
    return ok(undefined);
  }

  const timer = setInterval(() => void refresh().catch(() => undefined), options.everyMs ?? 500);
  timer.unref();
  return ok({ current: () => trust, refresh, stop: () => clearInterval(timer) });
}

/** Tells a changed file from the one that was read; empty when there is none. */
async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return "";
  }
}

async function load(options: TrustHolderOptions, floorFile: string): Promise<Result<Trust>> {
  let text: string;
  try {
    text = await readFile(options.path, "utf8");
  } catch {
    return fail("setting_missing", `cannot open ${options.path}`);
  }
  // A floor that cannot be read must not count as none.
  const minVersion = (await exists(floorFile)) ? need(await readFloor(floorFile), "trust floor").version : 0;
  const trust = await verifyTrust(text, { ...options.pins, minVersion }, options.clock.nowMs() / 1000);
  if (trust.ok && trust.value.version > minVersion)
    await writeWhole(floorFile, `${JSON.stringify({ version: trust.value.version })}\n`);
  return trust;
}

async function readFloor(path: string): Promise<Result<{ readonly version: number }>> {
  const read = await readJsonFile(path);
  return read.ok ? validate(Floor, read.value, "setting_invalid") : read;
}

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Counter, closed, fail, ok, type Result, Thumbprint, validate } from "@seb/schema";
import { type Clock, type Log, need } from "@seb/service-kit";
import { type Trust, verifyTrust } from "@seb/verify-core";
import Type, { type Static } from "typebox";
import { exists, readJsonFile, writeWhole } from "./files.js";

/** What a service's configuration pins: whose signatures count, and how many are needed. */
export const Pins = closed({
  owners: Type.Array(Thumbprint, { minItems: 1, maxItems: 16 }),
  threshold: Type.Integer({ minimum: 1, maximum: 16 }),
});
export type Pins = Static<typeof Pins>;
const Floor = closed({ version: Counter });

export async function readPins(path: string): Promise<Result<Pins>> {
  const read = await readJsonFile(path);
  return read.ok ? validate(Pins, read.value, "setting_invalid") : read;
}

/** Which trust file a service reads, by whose signatures. */
export interface TrustPlace {
  readonly path: string;
  readonly pins: Pins;
  /** The service's own state folder: the highest version it has seen is kept there. */
  readonly stateFolder: string;
  readonly clock: Pick<Clock, "nowMs">;
}

export interface TrustHolderOptions extends TrustPlace {
  readonly clock: Clock;
  readonly log: Pick<Log, "info" | "error">;
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
  let seen = await stampOf(path);
  const first = await load(options);
  if (!first.ok) return first;
  let trust = first.value;

  async function refresh(): Promise<Result<void>> {
    const stamp = await stampOf(path);
    if (stamp === seen) return ok(undefined);
    seen = stamp;
    const next = await load(options);
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

/** Verifies a trust file as a service would that starts now; writes nothing. */
export async function checkTrustFile(place: TrustPlace): Promise<Result<Trust>> {
  const read = await verify(place);
  return read.ok ? ok(read.value.trust) : read;
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

async function verify(place: TrustPlace): Promise<Result<{ readonly trust: Trust; readonly minVersion: number }>> {
  let text: string;
  try {
    text = await readFile(place.path, "utf8");
  } catch {
    return fail("setting_missing", `cannot open ${place.path}`);
  }
  const floorFile = floorOf(place);
  // A floor that cannot be read must not count as none.
  const minVersion = (await exists(floorFile)) ? need(await readFloor(floorFile), "trust floor").version : 0;
  const trust = await verifyTrust(text, { ...place.pins, minVersion }, place.clock.nowMs() / 1000);
  return trust.ok ? ok({ trust: trust.value, minVersion }) : trust;
}

async function load(place: TrustPlace): Promise<Result<Trust>> {
  const read = await verify(place);
  if (!read.ok) return read;
  const { trust, minVersion } = read.value;
  if (trust.version > minVersion) await writeWhole(floorOf(place), `${JSON.stringify({ version: trust.version })}\n`);
  return ok(trust);
}

const floorOf = ({ stateFolder }: TrustPlace) => join(stateFolder, "trust-floor.json");

async function readFloor(path: string): Promise<Result<{ readonly version: number }>> {
  const read = await readJsonFile(path);
  return read.ok ? validate(Floor, read.value, "setting_invalid") : read;
}

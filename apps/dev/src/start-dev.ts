import { createLocalFeed, openEmbeddedStore } from "@seb/authority/embedded";
import { readPins } from "@seb/mounts";
import { type Clock, createClosers, systemClock } from "@seb/service-kit";
import { type Ports, urlsOf } from "./configs.js";
import { openControlEndpoint, type ServiceState } from "./control-endpoint.js";
import type { Hooks, Shared } from "./deps.js";
import { lastPorts, writeDevFile } from "./dev-file.js";
import { need } from "./failure.js";
import { freePorts } from "./free-ports.js";
import { layoutOf, SERVICES, type ServiceName } from "./layout.js";
import { openLogFile } from "./log-file.js";
import { type Running, startService } from "./services.js";
import { activateControl } from "./setup/activate.js";
import { makeAgentFile } from "./setup/agent-file.js";
import { prepareFolder } from "./setup/prepare.js";

export interface DevOptions {
  /** The dev folder, usually `.seb`; made when absent. */
  readonly folder: string;
  /** Loopback ports; 0 for any. Left out: those of the last start in this folder, else any. */
  readonly ports?: Partial<Ports>;
  readonly clock?: Clock;
  readonly hooks?: Hooks;
  /** Told of each thing that is made or started, in one line. */
  readonly log?: (line: string) => void;
}

/** Three services in one process, each with its own folder, keys and chain. */
export interface Dev {
  readonly folder: string;
  readonly urls: Readonly<Record<ServiceName, string>>;
  readonly control: { readonly url: string; readonly token: string };
  /** Digest of the control bundle that this start activated; undefined when one was active already. */
  readonly activated: string | undefined;
  /** Services that could not do their work yet when the start ended, with what their readiness says. */
  readonly notReady: Readonly<Partial<Record<ServiceName, string>>>;
  states(): Readonly<Record<ServiceName, ServiceState>>;
  /** Drains one service; the others go on. */
  stopService(name: ServiceName): Promise<void>;
  /** Starts a stopped service on its former port. */
  startService(name: ServiceName): Promise<void>;
  /** Drains and closes everything. */
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 8000;
const POLL_MS = 20;

async function choosePorts(wanted: Partial<Ports>, devFile: string): Promise<Ports> {
  const last = await lastPorts(devFile);
  const free = await freePorts(SERVICES.length);
  const pick = (name: ServiceName, at: number) => (wanted[name] ?? last[name] ?? 0) || (free[at] ?? 0);
  return { signer: pick("signer", 0), broker: pick("broker", 1), revocation: pick("revocation", 2) };
}

/** The services of one process, started and stopped one at a time. */
function createFleet(shared: Shared, ports: Ports) {
  const running = new Map<ServiceName, Running>();
  let turn: Promise<unknown> = Promise.resolve();
  // One change at a time: stopping and starting the same service must not overlap.
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work, work);
    turn = next.catch(() => undefined);
    return next;
  };
  return {
    start: (name: ServiceName) =>
      inTurn(async () => {
        if (!running.has(name)) running.set(name, await startService(name, shared, ports));
      }),
    stop: (name: ServiceName) =>
      inTurn(async () => {
        const service = running.get(name);
        running.delete(name);
        await service?.stop();
      }),
    states(): Readonly<Record<ServiceName, ServiceState>> {
      const urls = urlsOf(ports);
      const of = (name: ServiceName) =>
        ({ state: running.has(name) ? "running" : "stopped", url: urls[name] }) as const;
      return { signer: of("signer"), broker: of("broker"), revocation: of("revocation") };
    },
  };
}

interface Readiness {
  readonly ready: boolean;
  readonly text: string;
}

async function readiness(url: string): Promise<Readiness> {
  const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(READY_TIMEOUT_MS) });
  return { ready: answer.ok, text: await answer.text() };
}

/** Waits until a service's readiness is what is waited for, or for long enough; answers what was found last. */
async function waitFor(url: string, done: (found: Readiness) => boolean): Promise<Readiness> {
  const endMs = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const found = await readiness(url);
    if (done(found) || performance.now() > endMs) return found;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * Activates the control folder when nothing is active yet, then waits until every service can do its work. One that cannot
 * is named and left running: what it lacks may be just what an operator has to mend through the others.
 */
async function makeReady(
  shared: Shared,
  urls: Dev["urls"],
  log: (line: string) => void,
): Promise<Pick<Dev, "activated" | "notReady">> {
  const lacksBundle = ({ text }: Readiness) => text.includes("no_active_bundle");
  const broker = await waitFor(urls.broker, (found) => found.ready || lacksBundle(found));
  let activated: string | undefined;
  if (lacksBundle(broker)) {
    log("activating the control bundle by the orders of two operators");
    activated = await activateControl(shared.layout, urls.revocation, shared.clock);
  }
  const notReady: Partial<Record<ServiceName, string>> = {};
  for (const name of SERVICES) {
    const found = await waitFor(urls[name], ({ ready }) => ready);
    if (!found.ready) notReady[name] = found.text;
  }
  return { activated, notReady };
}

/**
 * Prepares the folder, opens the shared store and starts the three services on loopback ports. An existing folder is
 * continued: chains are verified, the store gets a new run, and the revocation service rebuilds the view for it.
 *
 * @throws DevError with the code of what is missing, wrong or already running; everything opened is given up before.
 */
export async function startDev(options: DevOptions): Promise<Dev> {
  const { clock = systemClock, hooks = {}, log = () => {} } = options;
  const layout = layoutOf(options.folder);
  const closers = createClosers();
  try {
    await prepareFolder(layout, clock, log);
    const opened = await openEmbeddedStore({ folder: layout.store });
    const store = need(opened, "the store (does another seb dev run in this folder?)");
    closers.add(() => store.close());
    const pins = need(await readPins(layout.pinsFile), "trust pins");
    const shared: Shared = { layout, store, feed: createLocalFeed(), pins, clock, hooks };
    const ports = await choosePorts(options.ports ?? {}, layout.devFile);
    const urls = urlsOf(ports);
    await makeAgentFile(layout, urls);
    const fleet = createFleet(shared, ports);
    for (const name of ["revocation", "broker", "signer"] as const) {
      await fleet.start(name);
      closers.add(() => fleet.stop(name));
    }
    const ready = await makeReady(shared, urls, log);
    const devLog = openLogFile("dev", `${layout.folder}/dev.log.jsonl`);
    closers.add(() => devLog.close());
    const control = await openControlEndpoint(fleet, devLog.log);
    closers.add(() => control.close());
    await writeDevFile(layout.devFile, {
      ver: 1,
      pid: process.pid,
      urls: { ...urls },
      control: { url: control.url, token: control.token },
    });
    return {
      folder: layout.folder,
      urls,
      control: { url: control.url, token: control.token },
      ...ready,
      states: fleet.states,
      startService: fleet.start,
      stopService: fleet.stop,
      stop: () => closers.close(),
    };
  } catch (error) {
    await closers.close().catch(() => undefined);
    throw error;
  }
}

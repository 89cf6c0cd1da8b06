import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { http } from "../harness/agent.js";
import { type Environment, type ServiceName, until } from "../harness/environment.js";
import { startRealEnvironment } from "../harness/real-environment.js";
import { SERVICES } from "../harness/real-settings.js";
import { certify, OPERATION } from "../harness/scene.js";
import type { RealParts } from "../harness/world.js";

// Always over real servers: they may come before, between and after the services.
let world: Environment;
let real: RealParts;
beforeAll(async () => {
  world = await startRealEnvironment();
  if (world.real === undefined) throw new Error("no servers");
  real = world.real;
});
afterAll(() => world?.cleanup());

type Part = ServiceName | "redis" | "nats";
const isService = (part: Part): part is ServiceName => part !== "redis" && part !== "nats";

/** Every order of the three services, each with the servers at other places. */
const ORDERS: readonly (readonly Part[])[] = [
  ["signer", "broker", "revocation", "redis", "nats"],
  ["signer", "revocation", "broker", "nats", "redis"],
  ["broker", "redis", "signer", "nats", "revocation"],
  ["nats", "broker", "revocation", "redis", "signer"],
  ["revocation", "nats", "signer", "broker", "redis"],
  ["redis", "revocation", "broker", "signer", "nats"],
];

/** The reason that a service must give while these parts are up, or undefined where nothing that it needs is missing. */
function reasonOf(service: ServiceName, up: ReadonlySet<Part>): RegExp | undefined {
  if (!up.has("nats")) return /^nats_unreachable$/;
  if (!up.has("redis")) return /^store_unreachable$/;
  if (service !== "revocation" && !up.has("revocation")) return /^status_(?:missing|stale)$/;
  return undefined;
}

async function start(part: Part): Promise<void> {
  if (isService(part)) real.services[part].start();
  else await real[part].restart();
}

/** What a service that is not ready answers: it lives, says why it waits, and does nothing. */
async function expectWaits(service: ServiceName, reason: RegExp): Promise<void> {
  await until(
    `${service} says ${reason}`,
    async () => {
      const reasons = await real.services[service].reasons();
      return reasons?.some((one) => reason.test(one)) === true;
    },
    30_000,
  );
  expect((await http(`${world.urls[service]}/healthz`)).status).toBe(200);
}

let replicas = 6;
async function expectWorks(): Promise<void> {
  replicas = replicas === 12 ? 6 : replicas + 1;
  const certificate = await certify(world, { bounds: { max_replicas: replicas } });
  const commits = world.gitops.commits();
  const operation = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas } };
  expect((await world.agent.execute(certificate, operation)).body).toMatchObject({ state: "executed" });
  expect(world.gitops.commits()).toBe(commits + 1);
}

describe("services start in any order", () => {
  it.each(ORDERS.map((order) => [order] as const))(
    "%j: each says what it waits for; all work in the end, none was started twice",
    async (order) => {
      await world.stop();
      await Promise.all([real.redis.stop(), real.nats.stop()]);
      const head = world.gitops.head();
      const up = new Set<Part>();
      const pids = new Map<ServiceName, number | undefined>();
      for (const part of order) {
        await start(part);
        up.add(part);
        if (isService(part)) pids.set(part, real.services[part].process().child.pid);
        for (const service of pids.keys()) {
          const reason = reasonOf(service, up);
          if (reason !== undefined) await expectWaits(service, reason);
        }
      }
      for (const name of SERVICES) await real.services[name].ready();
      expect(world.gitops.head()).toBe(head);
      for (const [name, pid] of pids) {
        expect(real.services[name].running).toBe(true);
        expect(real.services[name].process().child.pid).toBe(pid);
      }
      await expectWorks();
    },
  );
});

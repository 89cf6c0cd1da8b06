import type { EmbeddedStore } from "@seb/authority/embedded";
import type { OrderBody, OrderClaims } from "@seb/schema";
import { Journal } from "../src/journal/journal.js";
import { type Office, submitOrder } from "../src/orders/submit.js";
import type { RevocationPorts } from "../src/ports.js";
import { Publisher } from "../src/status/publisher.js";
import { config, type Environment, environment, openLife, openStore, receiver } from "./environment.js";

/** A running service without HTTP and without its own beat, over real adapters. */
export async function openOffice(
  env: Environment,
  store: EmbeddedStore,
  over?: (ports: RevocationPorts) => Partial<RevocationPorts>,
) {
  const life = await openLife(env, store, over);
  const journal = await Journal.open(life.ports.chain);
  const publisher = new Publisher(config, life.ports, journal);
  const office: Office = { config, ports: life.ports, journal, publisher };
  const submit = async (by: keyof Environment["operators"], body: OrderBody, claims: Partial<OrderClaims> = {}) =>
    submitOrder(office, await env.order(by, body, claims), "r_test");
  return {
    ...office,
    submit,
    /** The answer's code, or `"ok"`. */
    async code(by: keyof Environment["operators"], body: OrderBody, claims: Partial<OrderClaims> = {}) {
      const done = await submit(by, body, claims);
      return done.ok ? "ok" : done.error.code;
    },
    /** One beat: its code, or `"ok"`. */
    async beat() {
      const done = await publisher.sync();
      return done.ok ? "ok" : done.error.code;
    },
    async records() {
      const found: { kind: string; body: Readonly<Record<string, unknown>> }[] = [];
      for await (const { kind, body } of life.chain.history()) found.push({ kind, body });
      return found;
    },
    async close() {
      publisher.stop();
      await life.close();
    },
  };
}
export type OpenOffice = Awaited<ReturnType<typeof openOffice>>;

/** Environment, store, one office that has published, and a receiver. */
export async function setUp(over?: (ports: RevocationPorts) => Partial<RevocationPorts>) {
  const env = await environment();
  const store = await openStore(env);
  const at = {
    env,
    store,
    office: await openOffice(env, store, over),
    received: receiver(env),
    /** Closes what stands here then: tests put new ones in place. */
    async tearDown() {
      at.received.state.stop();
      await at.office.close();
      await at.store.close();
      await env.remove();
    },
  };
  await at.office.beat();
  return at;
}

import { join, resolve } from "node:path";
import { fail, ok, type Result } from "@seb/schema";
import type { Invocation } from "../command.js";

export const SERVICES = ["signer", "broker", "revocation"] as const;
export type ServiceName = (typeof SERVICES)[number];

/** One process: which service, under which name and from which folder. */
export interface InstancePlan {
  readonly service: ServiceName;
  /** Names its chain of records and its user of NATS. */
  readonly name: string;
  readonly folder: string;
  /** Where agents or operators reach it. */
  readonly url: string;
  readonly redisUser: string;
}

/** What a new environment is called and where its parts are. */
export interface Plan {
  readonly name: string;
  readonly folder: string;
  /** Names on the wire. */
  readonly names: Readonly<Record<ServiceName | "environment", string>>;
  readonly urls: Readonly<Record<ServiceName, string>>;
  /** One of each service, and a second broker where one is wanted. */
  readonly instances: readonly InstancePlan[];
  /** Address that the services listen on. */
  readonly host: string;
  readonly redis: string;
  readonly nats: string;
  /** Base of NATS' monitoring. */
  readonly natsMonitor: string;
  /** Key files or public keys of the owners; two key files are made when there are none. */
  readonly owners: readonly string[];
  readonly threshold: number;
  at(...parts: string[]): string;
}

export const DEFAULTS = {
  signerUrl: "http://127.0.0.1:7301",
  brokerUrl: "http://127.0.0.1:7302",
  revocationUrl: "http://127.0.0.1:7303",
  host: "127.0.0.1",
  redis: "redis://127.0.0.1:6379",
  nats: "nats://127.0.0.1:4222",
  natsMonitor: "http://127.0.0.1:8222",
} as const;

const NAME = /^[a-z][a-z0-9-]{0,30}$/;
const HTTP = /^https?:\/\/[A-Za-z0-9.:[\]-]+$/;
const SCHEMES = { redis: /^rediss?:\/\/[A-Za-z0-9.:[\]-]+$/, nats: /^(?:nats|tls):\/\/[A-Za-z0-9.:[\]-]+$/ } as const;
const MADE_OWNERS = 2;

const firstOf = (service: ServiceName, url: string): InstancePlan => ({
  service,
  name: `${service}-1`,
  folder: service,
  url,
  redisUser: service,
});

/** The users of infra/ know two brokers; one more needs one more user and account there. */
const secondBroker = (url: string): InstancePlan => ({
  service: "broker",
  name: "broker-2",
  folder: "broker-2",
  url,
  redisUser: "broker-2",
});

/** The plan that the flags describe, or what is wrong with them. */
export function planOf({ flags, io }: Invocation): Result<Plan, "usage"> {
  const text = (name: keyof typeof DEFAULTS) => (typeof flags[name] === "string" ? flags[name] : DEFAULTS[name]);
  const { env: name, out } = flags;
  if (typeof name !== "string" || !NAME.test(name))
    return fail("usage", "--env is a name of up to 31 of a-z, 0-9 and -, e.g. prod");
  if (typeof out !== "string" || out === "") return fail("usage", "--out is the folder to write");
  const urls = { signer: text("signerUrl"), broker: text("brokerUrl"), revocation: text("revocationUrl") };
  const second = typeof flags.broker2Url === "string" ? [flags.broker2Url] : [];
  if (![...Object.values(urls), ...second].every((url) => HTTP.test(url)))
    return fail("usage", "--signer-url, --broker-url, --broker-2-url and --revocation-url are http(s)://host[:port]");
  if (!SCHEMES.redis.test(text("redis"))) return fail("usage", "--redis is redis://host:port or rediss://host:port");
  if (!SCHEMES.nats.test(text("nats"))) return fail("usage", "--nats is nats://host:port or tls://host:port");
  if (!HTTP.test(text("natsMonitor"))) return fail("usage", "--nats-monitor is http(s)://host:port");
  const owners = Array.isArray(flags.owner) ? flags.owner.map((file: string) => resolve(io.cwd, file)) : [];
  const count = owners.length === 0 ? MADE_OWNERS : owners.length;
  const threshold = flags.threshold === undefined ? count : Number(flags.threshold);
  if (!(Number.isInteger(threshold) && threshold >= 1 && threshold <= count))
    return fail("usage", `--threshold is 1 to ${count}, the number of owners`);
  const folder = resolve(io.cwd, out);
  return ok({
    name,
    folder,
    names: {
      signer: `signer:${name}`,
      broker: `broker:${name}`,
      revocation: `revocation:${name}`,
      environment: `env:${name}`,
    },
    urls,
    instances: [...SERVICES.map((service) => firstOf(service, urls[service])), ...second.map(secondBroker)],
    host: text("host"),
    redis: text("redis"),
    nats: text("nats"),
    natsMonitor: text("natsMonitor"),
    owners,
    threshold,
    at: (...parts) => join(folder, ...parts),
  });
}

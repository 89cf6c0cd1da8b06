import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { type Agent, createAgent, readKey } from "./agent.js";
import { ROOT } from "./build.js";
import type { Environment } from "./environment.js";
import { type LedgerRecord, recordsIn } from "./ledger.js";
import { type RealService, realService } from "./real-service.js";
import { readTrust, trustEntry, writeTrust } from "./trust.js";

/** A second broker beside the first: its own process, record chain, keys, and users of Redis and NATS. */
export interface SecondBroker {
  readonly url: string;
  readonly service: RealService;
  /** The environment's agent, which presents its certificates here. */
  readonly agent: Agent;
  /** The settings file that `seb init` wrote for it, taken to this environment. */
  readonly settings: string;
}

/** Starts `broker-2` from what `seb init` wrote for it, and waits until it is ready. Its keys join the environment's trust file. */
export async function startSecondBroker(world: Environment): Promise<SecondBroker> {
  if (world.real === undefined) throw new Error("a second broker needs servers that both can reach");
  const own = join(world.real.deployed, "broker-2");
  const first = parse(readFileSync(join(world.real.deployed, "broker", "broker.yaml"), "utf8"));
  const settings = join(own, "broker.yaml");
  const written = parse(readFileSync(settings, "utf8"));
  const url = String(written.service.public_urls[0]);
  const place = join(world.seb, "second");
  mkdirSync(join(place, "broker"), { recursive: true });
  const { username, password_file } = written.redis;
  const adapted = {
    ...written,
    service: { ...first.service, instance: "broker-2", port: written.service.port, public_urls: [url] },
    trust: first.trust,
    redis: { ...first.redis, username, password_file },
    nats: { ...first.nats, username: written.nats.username, password_file: written.nats.password_file },
    ceilings: first.ceilings,
    targets: first.targets,
    bundles_folder: first.bundles_folder,
    records: { ...first.records, heads_folder: join(world.seb, "heads", "broker-2") },
    state_folder: join(place, "broker", "state"),
  };
  writeFileSync(settings, stringify(adapted));

  const trust = readTrust(world);
  const audienceOf = (role: string) =>
    trust.keys.find((key) => key.role === role && key.name.startsWith("broker"))?.aud ?? "";
  const keys = ["record", "observation"].map((name) => readKey(join(own, "keys", `${name}.json`)));
  const entries = await Promise.all(keys.map((key) => trustEntry(key, audienceOf(key.role))));
  await writeTrust(world, { ...trust, version: trust.version + 1, keys: [...trust.keys, ...entries] });

  const env = { PATH: process.env.PATH, HOME: join(world.folder, "home"), SEB_ROOT: ROOT, ...world.clock?.env };
  const service = realService({ name: "broker", url, settings, folder: world.folder, seb: place, env });
  service.start();
  await service.ready();
  return { url, service, settings, agent: createAgent({ ...world.urls, broker: url }, world.key("agent")) };
}

/** Records of one broker, by its instance. */
export function recordsOf(world: Environment, instance: "broker-1" | "broker-2"): readonly LedgerRecord[] {
  // A look at any chain brings the copies of all of them up to date.
  const folder = join(world.ledger.path("broker"), "..");
  return recordsIn(join(folder, `${instance}.jsonl`));
}

/** What the brokers recorded of one certificate: kind by kind, of both chains. */
export function recordedOf(world: Environment, certId: string) {
  const all = (["broker-1", "broker-2"] as const).flatMap((instance) => recordsOf(world, instance));
  const of = (kind: string) => all.filter((record) => record.kind === kind && record.body.cert_id === certId);
  return { decisions: of("decision"), takeovers: of("takeover"), outcomes: of("outcome") };
}

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  freePort,
  leftOut,
  type RunningNats,
  type RunningRedis,
  runCommand,
  startNats,
  startRedis,
  type TempDir,
  tempDir,
  testCertificates,
} from "@seb/testkit";
import { parse } from "yaml";
import { BIN, ROOT } from "../harness/build.js";
import { type RealService, realService } from "../harness/real-service.js";

const SERVICES = ["revocation", "broker", "signer"] as const;
type ServiceName = (typeof SERVICES)[number];
const missing = (await leftOut(["redis-server"])) ?? (await leftOut(["nats-server"]));
const suite = missing === undefined ? describe : describe.skip;

suite("servers by TLS, as seb init writes the settings", () => {
  let place: TempDir;
  let out: string;
  let redis: RunningRedis;
  let nats: RunningNats;
  const services = new Map<ServiceName, RealService>();
  const at = (...parts: string[]) => join(out, ...parts);
  const env = () => ({ PATH: process.env.PATH ?? "", HOME: place.path });

  async function node(...args: readonly string[]): Promise<void> {
    const ran = await runCommand({ command: process.execPath, args, env: env(), cwd: place.path });
    if (ran.code !== 0) throw new Error(`${args.join(" ")}: exit ${ran.code}\n${ran.stderr}`);
  }

  beforeAll(async () => {
    place = await tempDir("seb-tls-");
    out = join(place.path, "prod");
    const [redisPort, natsPort, monitorPort] = [await freePort(), await freePort(), await freePort()];
    const urls = { signer: "", broker: "", revocation: "" };
    for (const name of SERVICES) urls[name] = `http://127.0.0.1:${await freePort()}`;
    const shared = ["--redis", `rediss://127.0.0.1:${redisPort}`, "--nats", `tls://127.0.0.1:${natsPort}`];
    const monitor = ["--nats-monitor", `https://127.0.0.1:${monitorPort}`];
    const own = SERVICES.flatMap((name) => [`--${name}-url`, urls[name]]);
    await node(BIN.seb, "init", "--env", "prod", "--out", out, ...shared, ...monitor, ...own);
    for (const owner of ["owner-1", "owner-2"]) {
      const by = ["--pins", at("trust/trust-pins.json"), "--owner", at("owners", `${owner}.json`), "--json"];
      const args = [BIN.seb, "trust", "sign", at("trust/trust.json"), ...by];
      await runCommand({ command: process.execPath, args, env: env(), cwd: place.path });
    }
    const tls = testCertificates(join(place.path, "pki"));
    copyFileSync(tls.caFile, at("servers/ca.pem"));
    redis = await startRedis({ port: redisPort, aclFile: at("servers/redis/users.acl"), tls });
    nats = await startNats({ port: natsPort, monitorPort, authFile: at("servers/nats/accounts.conf"), tls });
    const admin = ["--user", "admin", "--password-file", at("servers/nats/admin.password")];
    await node(`${ROOT}/infra/nats/streams.mjs`, "--server", nats.url, ...admin, "--ca", at("servers/ca.pem"));
    for (const name of SERVICES) {
      const logs = join(place.path, "logs");
      mkdirSync(join(logs, name), { recursive: true });
      const settings = at(name, `${name}.yaml`);
      services.set(name, realService({ name, url: urls[name], settings, folder: place.path, seb: logs, env: env() }));
    }
  }, 15 * 60_000);
  afterAll(async () => {
    for (const service of services.values()) await service.stop();
    await redis?.dispose();
    await nats?.dispose();
    await place?.cleanup();
  });

  const serviceOf = (name: ServiceName): RealService => {
    const service = services.get(name);
    if (service === undefined) throw new Error(name);
    return service;
  };

  it("name one authority for Redis, NATS and its monitoring", () => {
    expect([redis.url, nats.url, nats.monitorUrl].map((url) => url.split(":")[0])).toEqual(["rediss", "tls", "https"]);
    for (const name of SERVICES) {
      const { redis: store, nats: records } = parse(readFileSync(at(name, `${name}.yaml`), "utf8"));
      expect([store.ca_file, records.ca_file]).toEqual(["../servers/ca.pem", "../servers/ca.pem"]);
      expect(records.monitor_urls).toEqual([nats.monitorUrl]);
    }
  });

  it("make every service ready for its first bundle", async () => {
    for (const name of SERVICES) serviceOf(name).start();
    await serviceOf("revocation").ready();
    const onlyBundle = (reasons: readonly string[]) => reasons.every((reason) => reason === "no_active_bundle");
    await serviceOf("broker").ready(onlyBundle);
    await serviceOf("signer").ready(onlyBundle);
  });

  it("are not believed by a service that knows another authority", async () => {
    await serviceOf("signer").stop();
    const stranger = testCertificates(join(place.path, "stranger"));
    const ca = readFileSync(at("servers/ca.pem"));
    copyFileSync(stranger.caFile, at("servers/ca.pem"));
    serviceOf("signer").start();
    const unreached = ["nats_unreachable", "nats_monitor_unreachable"];
    await serviceOf("signer").ready((reasons) => unreached.every((reason) => reasons.includes(reason)));
    writeFileSync(at("servers/ca.pem"), ca);
    await serviceOf("signer").ready((reasons) => reasons.every((reason) => reason === "no_active_bundle"));
  });
});

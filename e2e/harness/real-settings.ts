import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunningNats, RunningRedis } from "@seb/testkit";
import { parse, stringify } from "yaml";
import type { ServiceName } from "./services.js";

export const SERVICES = ["revocation", "broker", "signer"] as const;

/** Which keys of the dev folder a service holds. */
const KEYS = {
  signer: { certificate: "signer-certificate", record: "signer-record" },
  broker: { observation: "broker-observation", record: "broker-record" },
  revocation: { status: "revocation-status", record: "revocation-record" },
} as const;

export interface RealServers {
  readonly redis: RunningRedis;
  readonly nats: RunningNats;
}

/** Password of `audit`, the user of NATS that may read records and nothing else. */
export const auditPassword = (deployed: string) => join(deployed, "servers/nats/audit.password");

/** Flags by which `seb audit` reads an environment's chains in their stream, beside the heads in the services' folders. */
export function auditFlags(seb: string, nats: { readonly url: string; readonly passwordFile: string }): string[] {
  const heads = SERVICES.flatMap((name) => ["--heads", join(seb, "heads", name)]);
  return ["--nats", nats.url, "--nats-user", "audit", "--nats-password-file", nats.passwordFile, ...heads];
}

export const settingsFile = (deployed: string, service: ServiceName) => join(deployed, service, `${service}.yaml`);

/**
 * Takes the settings that `seb init` wrote to the servers of this test and to the layout of the dev folder, so that tests
 * find keys, heads and state where the embedded environment has them. Bounds of requests are those of the embedded one.
 */
export function adaptSettings(seb: string, deployed: string, servers: RealServers): void {
  const pins = JSON.parse(readFileSync(join(seb, "trust-pins.json"), "utf8"));
  for (const service of SERVICES) {
    const file = settingsFile(deployed, service);
    const settings = parse(readFileSync(file, "utf8"));
    if (service === "signer") settings.service.requests_per_minute = 600;
    if (service === "broker") {
      settings.service.observations_per_minute = 600;
      settings.ceilings = join(seb, "ceilings.yaml");
      settings.targets = join(seb, "targets.yaml");
    }
    settings.trust = { file: join(seb, "trust.json"), ...pins };
    settings.keys = Object.fromEntries(
      Object.entries(KEYS[service]).map(([name, key]) => [name, join(seb, "keys", `${key}.json`)]),
    );
    settings.redis.url = servers.redis.url;
    settings.nats.servers = [servers.nats.url];
    settings.nats.monitor_urls = [servers.nats.monitorUrl];
    settings.records.heads_folder = join(seb, "heads", service);
    settings.state_folder = join(seb, service, "state");
    settings.bundles_folder = join(seb, "bundles");
    if (service === "signer") settings.evidence_folder = join(seb, "signer", "evidence");
    writeFileSync(file, stringify(settings));
  }
}

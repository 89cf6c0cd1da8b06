import { stringify } from "yaml";
import { writeWhole } from "../write-file.js";
import type { InstancePlan, Plan, ServiceName } from "./plan.js";

const ABOUT: Readonly<Record<ServiceName, string>> = {
  signer: "Settings of the signer. It can express no target and no credential of one.",
  broker:
    "Settings of one broker. It can express no policy. A second broker is another instance with a record key of its own.",
  revocation: "Settings of the revocation service. It can express no target, no policy and no certificate.",
};

const portOf = (url: string) => Number(new URL(url).port) || (url.startsWith("https:") ? 443 : 80);

function common(plan: Plan, { name, url }: InstancePlan) {
  return { ver: 1, instance: name, environment: plan.names.environment, host: plan.host, port: portOf(url) };
}

function ownSettings(plan: Plan, instance: InstancePlan): Readonly<Record<string, unknown>> {
  const { urls, names } = plan;
  const { service } = instance;
  const shared = common(plan, instance);
  if (service === "signer")
    return {
      ...shared,
      issuer: names.signer,
      public_urls: [urls.signer],
      max_ttl_seconds: 120,
      max_tier: 3,
      proof_max_age_seconds: 60,
      observation_max_age_seconds: 60,
      requests_per_minute: 60,
      step_timeout_ms: 5000,
    };
  if (service === "broker")
    return {
      ...shared,
      audience: names.broker,
      public_urls: [instance.url],
      signer_url: urls.signer,
      max_lifetime_seconds: 120,
      proof_max_age_seconds: 60,
      observation_ttl_seconds: 60,
      observations_per_minute: 120,
      step_timeout_ms: 10_000,
      reconcile_every_ms: 500,
    };
  return { ...shared, heartbeat_ms: 250, journal_timeout_ms: 5000 };
}

const KEYS: Readonly<Record<ServiceName, Readonly<Record<string, string>>>> = {
  signer: { certificate: "keys/certificate.json", record: "keys/record.json" },
  broker: { observation: "keys/observation.json", record: "keys/record.json" },
  revocation: { status: "keys/status.json", record: "keys/record.json" },
};
const MORE: Readonly<Record<ServiceName, Readonly<Record<string, string>>>> = {
  signer: { evidence_folder: "evidence" },
  broker: { ceilings: "ceilings.yaml", targets: "targets.yaml" },
  revocation: {},
};

/** Files below the service's own folder; a secured server's authority lies beside the servers' own files. */
function settingsOf(plan: Plan, instance: InstancePlan, owners: readonly string[]) {
  const { service } = instance;
  const { redis, nats, natsMonitor, threshold } = plan;
  const authority = (secure: boolean) => (secure ? { ca_file: "../servers/ca.pem" } : {});
  return {
    ver: 1,
    service: ownSettings(plan, instance),
    trust: { file: "../trust/trust.json", owners, threshold },
    keys: KEYS[service],
    redis: {
      url: redis,
      username: instance.redisUser,
      password_file: "redis.password",
      ...authority(redis.startsWith("rediss:")),
      min_replicas: 0,
    },
    nats: {
      servers: [nats],
      monitor_urls: [natsMonitor],
      username: instance.name,
      password_file: "nats.password",
      ...authority(nats.startsWith("tls:")),
    },
    records: { stream: "SEB_RECORDS", reserve_bytes: 16_777_216, heads_folder: "heads" },
    state_folder: "state",
    bundles_folder: "../bundles",
    ...MORE[service],
  };
}

/** Writes `signer.yaml`, `broker.yaml` and `revocation.yaml`, each in its service's folder; a second broker has a folder of its own. */
export function writeSettings(plan: Plan, owners: readonly string[]): void {
  for (const instance of plan.instances) {
    const { service, folder } = instance;
    const text = `# ${ABOUT[service]} Paths are relative to this folder.\n${stringify(settingsOf(plan, instance, owners))}`;
    writeWhole(plan.at(folder, `${service}.yaml`), text);
  }
}

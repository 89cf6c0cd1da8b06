import type { BrokerConfig } from "@seb/broker";
import type { RevocationConfig } from "@seb/revocation";
import type { SignerConfig } from "@seb/signer";
import { instanceOf, NAMES, type ServiceName } from "./layout.js";

const HOST = "127.0.0.1";

/** Loopback ports of the three services. */
export type Ports = Readonly<Record<ServiceName, number>>;

export function urlsOf(ports: Ports): Readonly<Record<ServiceName, string>> {
  const url = (port: number) => `http://${HOST}:${port}`;
  return { signer: url(ports.signer), broker: url(ports.broker), revocation: url(ports.revocation) };
}

/** What every service's settings share: reachable on loopback only, by one public address. */
function shared(service: ServiceName, ports: Ports) {
  return {
    ver: 1 as const,
    instance: instanceOf(service),
    environment: NAMES.environment,
    host: HOST,
    port: ports[service],
  };
}

export function signerConfig(ports: Ports): SignerConfig {
  return {
    ...shared("signer", ports),
    issuer: NAMES.signer,
    public_urls: [urlsOf(ports).signer],
    max_ttl_seconds: 120,
    max_tier: 3,
    proof_max_age_seconds: 60,
    observation_max_age_seconds: 60,
    requests_per_minute: 600,
    step_timeout_ms: 5000,
  };
}

export function brokerConfig(ports: Ports): BrokerConfig {
  return {
    ...shared("broker", ports),
    audience: NAMES.broker,
    public_urls: [urlsOf(ports).broker],
    signer_url: urlsOf(ports).signer,
    max_lifetime_seconds: 120,
    proof_max_age_seconds: 60,
    observation_ttl_seconds: 60,
    observations_per_minute: 600,
    step_timeout_ms: 10_000,
    reconcile_every_ms: 500,
  };
}

export function revocationConfig(ports: Ports): RevocationConfig {
  return {
    ...shared("revocation", ports),
    heartbeat_ms: 250,
    journal_timeout_ms: 5000,
  };
}

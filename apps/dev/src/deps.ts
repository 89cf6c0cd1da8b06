import { randomBytes } from "node:crypto";
import type { StatusFeed } from "@seb/authority";
import type { EmbeddedStore } from "@seb/authority/embedded";
import { type BrokerPorts, openConnectors, type StepHook } from "@seb/broker";
import { digest } from "@seb/canonical";
import { followStatus, type Own, openFolderBundles, openOwn, type Pins } from "@seb/mounts";
import { createFileEvidence, createFileSink } from "@seb/records/embedded";
import type { RevocationPorts } from "@seb/revocation";
import { Ceilings, type Code, Targets } from "@seb/schema";
import { createSealer } from "@seb/seal";
import type { Closers } from "@seb/service-kit";
import { type Clock, readConfig, readYamlFile } from "@seb/service-kit";
import type { StepHook as IssuanceHook, SignerPorts } from "@seb/signer";
import { createCertificateSigner } from "@seb/signing-core";
import { need } from "./failure.js";
import { instanceOf, type Layout, NAMES, type ServiceName } from "./layout.js";
import { openLogFile } from "./log-file.js";
import { readDevKey } from "./setup/keys.js";

/** Free space kept for records that finish what was begun, in bytes. */
const RESERVE_BYTES = 16 * 1024 * 1024;

/** Wrappers around steps, for tests that crash or pause a service between two of them. */
export interface Hooks {
  readonly step?: StepHook;
  readonly issuance?: IssuanceHook;
}

/** What the three services of this process share: the store and the feed, as real ones share Redis and NATS. */
export interface Shared {
  readonly layout: Layout;
  readonly store: EmbeddedStore;
  readonly feed: StatusFeed;
  readonly pins: Pins;
  readonly clock: Clock;
  readonly hooks: Hooks;
}

/** What every service has of its own, in its folder; `health` says when its records cannot be written any more. */
async function common(shared: Shared, service: ServiceName, closers: Closers) {
  const { layout, clock, pins } = shared;
  const folders = layout.service(service);
  const { log, close } = openLogFile(service, folders.log);
  closers.add(close);
  const health: Code[] = [];
  const own: Own = await openOwn({
    service,
    writer: instanceOf(service),
    trust: { file: layout.trustFile, pins },
    stateFolder: folders.state,
    recordKey: await readDevKey(layout, `${service}-record`),
    sink: createFileSink({ folder: folders.records, reserveBytes: RESERVE_BYTES }),
    headsFolder: folders.heads,
    clock,
    log,
    closers,
    onBroken: (code) => health.push(code),
  });
  return { ...own, health: () => health };
}

/** What signer and broker also have: the revocation service's word, and the bundles. */
async function commonOfDeciders(shared: Shared, service: "signer" | "broker", closers: Closers) {
  const { layout, feed, store } = shared;
  const own = await common(shared, service, closers);
  const stateFolder = layout.service(service).state;
  const status = followStatus(own, { feed, audience: NAMES.environment, stateFolder, closers });
  return { ...own, status, view: store.reader, bundles: openFolderBundles(layout.bundles) };
}

export async function signerPorts(shared: Shared, closers: Closers): Promise<SignerPorts> {
  const { layout, hooks } = shared;
  const keyFile = await readDevKey(layout, "signer-certificate");
  const key = need(await createCertificateSigner(keyFile), "signer: certificate key");
  return {
    ...(await commonOfDeciders(shared, "signer", closers)),
    key,
    evidence: createFileEvidence({ folder: layout.service("signer").evidence }),
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
    ...(hooks.issuance === undefined ? {} : { hook: hooks.issuance }),
  };
}

/** The connectors of targets.yaml, and the digest of that file's content for every decision. */
async function connectorsOf(layout: Layout, closers: Closers, clock: Clock) {
  const targets = need(readConfig(Targets, layout.targetsFile), "broker: targets");
  const place = { stateFolder: layout.broker, nowMs: () => clock.nowMs() };
  const connectors = need(await openConnectors(targets, place), "broker: targets");
  for (const connector of connectors.values()) closers.add(() => connector.close());
  return { connectors, digest: digest("targets", need(readYamlFile(layout.targetsFile), "broker: targets")) };
}

export async function brokerPorts(shared: Shared, closers: Closers): Promise<BrokerPorts> {
  const { layout, store, clock, hooks } = shared;
  const ceilings = need(readConfig(Ceilings, layout.ceilingsFile), "broker: ceilings");
  const ceilingsDigest = digest("ceilings", need(readYamlFile(layout.ceilingsFile), "broker: ceilings"));
  const { connectors, digest: targetsDigest } = await connectorsOf(layout, closers, clock);
  const key = await readDevKey(layout, "broker-observation");
  return {
    ...(await commonOfDeciders(shared, "broker", closers)),
    observations: need(await createSealer("observation", key), "broker: observation key"),
    store: store.admission,
    connectors,
    ceilings,
    digests: { ceilings: ceilingsDigest, targets: targetsDigest },
    ...(hooks.step === undefined ? {} : { hook: hooks.step }),
  };
}

export async function revocationPorts(shared: Shared, closers: Closers): Promise<RevocationPorts> {
  const { layout, store, feed } = shared;
  const key = await readDevKey(layout, "revocation-status");
  return {
    ...(await common(shared, "revocation", closers)),
    sealer: need(await createSealer("status", key), "revocation: status key"),
    writer: store.writer,
    feed,
    bundles: openFolderBundles(layout.bundles),
  };
}

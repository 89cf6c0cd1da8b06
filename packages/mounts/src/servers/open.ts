import type { StatusFeed } from "@seb/authority";
import { openNatsFeed } from "@seb/authority/nats";
import { openRedisStore, type RedisStore } from "@seb/authority/redis";
import { openJetStreamSink, openNatsLink } from "@seb/records/nats";
import type { KeyFile } from "@seb/seal";
import { need, type Round } from "@seb/service-kit";
import { type FolderBundles, openFolderBundles } from "../bundles.js";
import { followStatus, type Own, openOwn } from "../own.js";
import type { Deployed } from "./deployment.js";

/** One service's connections to the shared servers, and what it has of its own. */
export interface Servers {
  readonly own: Own;
  readonly store: RedisStore;
  readonly feed: StatusFeed;
  readonly bundles: FolderBundles;
  /** What store, feed and sink say against being ready. */
  health(): readonly string[];
}

/**
 * Opens a service's chain on JetStream, its store on Redis and the status feed. What was opened is given up by the round's closers.
 * @throws StartError, its `what` one of `redis`, `nats`, `trust`, `records`.
 */
export async function openServers(
  deployed: Deployed,
  who: { readonly service: string; readonly writer: string; readonly recordKey: KeyFile },
  round: Round,
): Promise<Servers> {
  const { clock, log, metrics, closers } = round;
  const store = need(await openRedisStore(deployed.redis), "redis");
  closers.add(() => store.close());
  const link = need(await openNatsLink(deployed.nats), "nats");
  closers.add(() => link.close());
  const feed = openNatsFeed({ link });
  closers.add(() => feed.close());
  const sink = openJetStreamSink({ link, ...deployed.records });
  const own = await openOwn({
    ...who,
    trust: deployed.trust,
    stateFolder: deployed.stateFolder,
    sink,
    headsFolder: deployed.headsFolder,
    clock,
    log,
    metrics,
    closers,
    onBroken: () => round.broken(),
  });
  return {
    own,
    store,
    feed,
    bundles: openFolderBundles(deployed.bundlesFolder),
    health: () => [...new Set([...store.health(), ...feed.health(), ...sink.health()])],
  };
}

/** What signer and broker take from the servers alike: the revocation service's word, its view, the bundles. */
export function deciderPorts(servers: Servers, deployed: Deployed, audience: string, round: Round) {
  const { own, feed, store, bundles, health } = servers;
  const { stateFolder } = deployed;
  const status = followStatus(own, { feed, audience, stateFolder, closers: round.closers });
  return { ...own, status, view: store.reader, bundles, health };
}

import { join } from "node:path";
import type { Connector } from "@seb/connector";
import { fail, ok, type Result, type Targets } from "@seb/schema";

export interface ConnectorPlace {
  /** The broker's own folder, for caches. */
  readonly stateFolder: string;
  readonly nowMs: () => number;
}

type Make = (targets: Targets["targets"], place: ConnectorPlace) => Promise<Result<Connector, "setting_invalid">>;

/** Every kind of target, by its language's name. Loaded on demand: the client library of one that is not used costs no start. */
export const KINDS: Readonly<Record<string, Make>> = {
  git: async (targets, { stateFolder, nowMs }) => {
    const { createGitConnector } = await import("@seb/connector-git");
    return createGitConnector({ targets, cacheFolder: join(stateFolder, "git"), nowMs });
  },
  kubernetes: async (targets, { nowMs }) => {
    const { createKubernetesConnector } = await import("@seb/connector-kubernetes");
    return createKubernetesConnector({ targets, nowMs });
  },
};

/** The connectors that `targets.yaml` needs, by name. No target is asked. A failure's pointer names the setting. */
export async function openConnectors(
  { targets }: Targets,
  place: ConnectorPlace,
): Promise<Result<ReadonlyMap<string, Connector>, "setting_invalid">> {
  const connectors = new Map<string, Connector>();
  for (const [name, { connector: kind }] of Object.entries(targets)) {
    if (connectors.has(kind)) continue;
    const make = KINDS[kind];
    if (make === undefined)
      return fail("setting_invalid", `no connector is called ${kind}`, { pointer: `/targets/${name}/connector` });
    const made = await make(targets, place);
    if (!made.ok) return made;
    connectors.set(kind, made.value);
  }
  return ok(connectors);
}

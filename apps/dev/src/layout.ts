import { join, resolve } from "node:path";

/** The three services, by the only names that `seb dev` knows. */
export const SERVICES = ["signer", "broker", "revocation"] as const;
export type ServiceName = (typeof SERVICES)[number];

export function isServiceName(name: string): name is ServiceName {
  return SERVICES.some((service) => service === name);
}

/** Names on the wire of this environment. */
export const NAMES = {
  signer: "signer:dev",
  broker: "broker:dev",
  revocation: "revocation:dev",
  environment: "env:dev",
} as const;

/** The instance that writes a service's records. */
export const instanceOf = (service: ServiceName): string => `${service}-1`;

/** Where one service keeps what is its own. */
export interface ServiceFolders {
  readonly records: string;
  /** The second place of its chain's heads. */
  readonly heads: string;
  readonly evidence: string;
  readonly state: string;
  readonly log: string;
}

/** Absolute paths of everything in a dev folder. */
export interface Layout {
  readonly folder: string;
  readonly agentFile: string;
  readonly devFile: string;
  readonly trustFile: string;
  readonly pinsFile: string;
  readonly control: string;
  readonly ceilingsFile: string;
  readonly targetsFile: string;
  readonly bundles: string;
  readonly store: string;
  readonly gitops: string;
  /** Where the broker keeps its caches. */
  readonly broker: string;
  readonly attestations: string;
  key(name: string): string;
  service(name: ServiceName): ServiceFolders;
}

/** The layout of a dev folder, usually `.seb`; nothing is touched. */
export function layoutOf(folder: string): Layout {
  const root = resolve(folder);
  const at = (...parts: string[]) => join(root, ...parts);
  return {
    folder: root,
    agentFile: at("agent.yaml"),
    devFile: at("dev.json"),
    trustFile: at("trust.json"),
    pinsFile: at("trust-pins.json"),
    control: at("control"),
    ceilingsFile: at("ceilings.yaml"),
    targetsFile: at("targets.yaml"),
    bundles: at("bundles"),
    store: at("store"),
    gitops: at("gitops.git"),
    broker: at("broker"),
    attestations: at("attestations"),
    key: (name) => at("keys", `${name}.json`),
    service: (name) => ({
      records: at(name, "records"),
      heads: at("heads", name),
      evidence: at(name, "evidence"),
      state: at(name, "state"),
      log: at(name, "log.jsonl"),
    }),
  };
}

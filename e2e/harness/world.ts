import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandResult, SpawnedProcess, TestClock } from "@seb/testkit";
import type { Agent, KeyFile } from "./agent.js";
import type { Bin } from "./build.js";
import type { Gitops } from "./gitops.js";
import type { Ledger } from "./ledger.js";
import type { RealService } from "./real-service.js";
import type { RealServers } from "./real-settings.js";
import type { RecordPlace } from "./record-place.js";
import type { Failpoint, ServiceName } from "./services.js";

export interface EnvironmentOptions {
  /** The services follow a clock that the test can set. */
  readonly clock?: boolean;
  /** More environment variables of the services' process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Only embedded: a start has ended also when a service only says what it lacks, e.g. a bundle. */
  readonly evenNotReady?: boolean;
  /** Only over real servers: changes control folder, ceilings and targets before the first start. */
  readonly prepare?: (place: { readonly folder: string; readonly seb: string }) => Promise<void>;
}

/** What only separate processes have. */
export interface RealParts extends RealServers {
  readonly services: Readonly<Record<ServiceName, RealService>>;
  /** Folder that `seb init` wrote, the settings taken to this environment. */
  readonly deployed: string;
}

/** An environment over a folder of its own: its services, command lines, GitOps repository, records. Embedded, it is one `seb dev` process. */
export interface Environment {
  /** Folder that holds `.seb`; the working directory of the command lines. */
  readonly folder: string;
  readonly seb: string;
  readonly urls: Readonly<Record<ServiceName, string>>;
  readonly agent: Agent;
  readonly gitops: Gitops;
  readonly ledger: Ledger;
  /** The place of the records, for whoever may do there what no service may. */
  readonly records: RecordPlace;
  /** Folder in which the shared store keeps its files. */
  readonly store: string;
  readonly clock: TestClock | undefined;
  /** Servers and processes, where the environment has them. */
  readonly real: RealParts | undefined;
  key(name: string): KeyFile;
  /** Runs a command line of the build in the folder, with nothing of this process's environment but PATH and HOME. */
  run(
    bin: Bin,
    args: readonly string[],
    options?: { env?: Record<string, string>; cwd?: string; input?: string },
  ): Promise<CommandResult>;
  stopService(name: ServiceName): Promise<void>;
  startService(name: ServiceName): Promise<void>;
  /** Ends everything as a crash would: services, store and records. */
  kill9(): Promise<void>;
  /** The same of the services alone, as far as they are separate from what they stand on. */
  killServices(): Promise<void>;
  /** Ends the process in good order; its chains are closed. */
  stop(): Promise<void>;
  /** Starts the process again over the same folder, with a failpoint if given. */
  start(failpoint?: Failpoint): Promise<void>;
  /** Has the failpoint been reached? */
  reached(): boolean;
  /** Lets a paused failpoint go on. */
  resume(): void;
  process(): SpawnedProcess;
  /** Ids of all processes that write something: services, and where there are any, servers. */
  pids(): readonly number[];
  cleanup(): Promise<void>;
}

/** Text of a file below the dev folder. */
export function fileOf(environment: Environment, ...path: string[]): string {
  return readFileSync(join(environment.seb, ...path), "utf8");
}

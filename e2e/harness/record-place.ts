import { appendFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { Ledger } from "./ledger.js";
import type { ServiceName } from "./services.js";

/** Where the services' records lie, as it is seen by somebody who may do there what no service may. */
export interface RecordPlace {
  /** From now on nothing can be appended to the service's chain; the answer brings the place back as it was. */
  refuse(service: ServiceName): Promise<() => Promise<void>>;
  /** Replaces the service's chain by these lines while the service does not run. */
  replace(service: ServiceName, lines: readonly string[]): Promise<void>;
  /** Writes into the chain of a service that runs. */
  intrude(service: ServiceName): Promise<void>;
}

/** Takes the place away in which something is kept; the answer brings it back as it was. */
export function takeAway(path: string): () => void {
  renameSync(path, `${path}.aside`);
  writeFileSync(path, "");
  return () => {
    rmSync(path);
    renameSync(`${path}.aside`, path);
  };
}

/** The files in which embedded services keep their chains. */
export function fileRecords(ledger: Ledger): RecordPlace {
  return {
    async refuse(service) {
      const back = takeAway(ledger.path(service));
      return async () => back();
    },
    async replace(service, lines) {
      writeFileSync(ledger.path(service), lines.map((line) => `${line}\n`).join(""));
    },
    async intrude(service) {
      appendFileSync(ledger.path(service), "x");
    },
  };
}

import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawnProcess } from "@seb/testkit";
import { BRIEF_LIFE, READ_RECORDS_MAIN, ROOT } from "./build.js";
import { createLedger, type Ledger } from "./ledger.js";
import { auditPassword, type RealServers } from "./real-settings.js";
import type { ServiceName } from "./services.js";

const COPY_TIMEOUT_MS = 30_000;
const POLL_MS = 5;

export interface LiveLedger {
  readonly ledger: Ledger;
  close(): Promise<void>;
}

/** The ledger over copies of the chains, which a process of its own brings up to date at each look, as the user `audit`. */
export function liveLedger(seb: string, servers: RealServers, deployed: string): LiveLedger {
  const files = createLedger(seb);
  const access = {
    urls: [servers.nats.url],
    monitorUrls: [servers.nats.monitorUrl],
    username: "audit",
    passwordFile: auditPassword(deployed),
  };
  const reader = spawnProcess({
    command: process.execPath,
    args: [...BRIEF_LIFE, READ_RECORDS_MAIN, seb, JSON.stringify(access)],
    env: { PATH: process.env.PATH, SEB_ROOT: ROOT },
  });
  const [want, have] = [join(seb, "records.want"), join(seb, "records.have")];
  const turn = new Int32Array(new SharedArrayBuffer(4));
  let looks = 0;

  function copyAll(): void {
    looks += 1;
    writeFileSync(`${want}.next`, `${looks}`);
    renameSync(`${want}.next`, want);
    const end = performance.now() + COPY_TIMEOUT_MS;
    while (!existsSync(have) || readFileSync(have, "utf8") !== `${looks}`) {
      if (performance.now() > end) throw new Error(`records could not be copied\n${reader.stderr()}`);
      Atomics.wait(turn, 0, 0, POLL_MS);
    }
  }
  const copied = <A extends readonly unknown[], R>(look: (service: ServiceName, ...rest: A) => R) => {
    return (service: ServiceName, ...rest: A): R => {
      copyAll();
      return look(service, ...rest);
    };
  };
  return {
    ledger: { of: copied(files.of), path: copied(files.path), find: copied(files.find) },
    close: async () => {
      await reader.stop();
    },
  };
}

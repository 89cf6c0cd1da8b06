import { join } from "node:path";
import { runCommand } from "@seb/testkit";
import { ROOT, STREAM_ADMIN_MAIN } from "./build.js";
import type { RealServers } from "./real-settings.js";
import type { RecordPlace } from "./record-place.js";

/** The stream that holds all chains, by its administrator: the one user who may change it. */
export function streamRecords(servers: RealServers, deployed: string): RecordPlace {
  const access = { url: servers.nats.url, passwordFile: join(deployed, "servers/nats/admin.password") };
  async function admin(does: string, ...args: readonly string[]): Promise<void> {
    const ran = await runCommand({
      command: process.execPath,
      args: [STREAM_ADMIN_MAIN, JSON.stringify(access), does],
      env: { PATH: process.env.PATH, SEB_ROOT: ROOT },
      input: JSON.stringify(args),
      timeoutMs: 60_000,
    });
    if (ran.code !== 0) throw new Error(`${does}: exit ${ran.code}\n${ran.stderr}`);
  }
  return {
    // One stream for all: whichever service appends is refused. Nobody but the one under test does meanwhile.
    async refuse() {
      await admin("refuse");
      return () => admin("accept");
    },
    replace: (service, lines) => admin("replace", `seb.records.${service}-1`, ...lines),
    intrude: (service) => admin("append", `seb.records.${service}-1`, "x"),
  };
}

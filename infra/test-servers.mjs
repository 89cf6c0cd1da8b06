import { ensureServer } from "./dev-servers/servers.mjs";

/** Servers that tests start: the first two stand under the three processes, the others are a target. */
const SERVERS = ["redis-server", "nats-server", "etcd", "kube-apiserver"];

/** Is a thing that cannot be had here a failure? On a build server and on Linux it is; elsewhere tests that need it are left out. */
const mustBeHad = () => process.platform === "linux" || ((process.env.CI ?? "") !== "" && process.env.CI !== "false");

/**
 * Has all servers at hand before tests start them, built or unpacked now if need be. Answers a row per server; where one is missing,
 * what is missing and how to get it is printed.
 */
export async function serverRows() {
  const rows = [];
  for (const name of SERVERS) {
    const started = performance.now();
    const row = (test, status) =>
      rows.push({ suite: "servers", test, status, ms: Math.round(performance.now() - started) });
    try {
      const { version, path, source } = await ensureServer(name, { onProgress: (line) => console.log(`  ${line}`) });
      console.log(`  pass  ${name} ${version}  ${path} (${source})`);
      row(`${name} can be started`, "passed");
    } catch (error) {
      const failed = mustBeHad();
      console.log(`  ${failed ? "FAIL" : "left out"}  ${error.message}`);
      row(`${name} can be started`, failed ? "failed" : "skipped");
    }
  }
  return rows;
}

/** Why tests over three processes cannot run here; undefined when they can. Nothing is built that is there. */
export async function withoutServers() {
  for (const name of SERVERS.slice(0, 2)) {
    try {
      await ensureServer(name, { onProgress: (line) => console.log(`  ${line}`) });
    } catch (error) {
      return { why: error.message, failed: mustBeHad() };
    }
  }
  return undefined;
}

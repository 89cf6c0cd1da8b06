// `streams.mjs --url nats://host:port [--user admin --password-file FILE] [--ca-file FILE]`: makes the streams of infra/nats/streams that are missing.
// An existing one is left as it is: services say in /readyz what is weak about it.
import { readdirSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

const folder = new URL("../nats/streams/", import.meta.url);

async function makeStreams({ url, user, "password-file": passwordFile, "ca-file": caFile }) {
  const server = new URL(url);
  const connection = await connect({
    servers: `${server.hostname}:${server.port || "4222"}`,
    reconnect: false,
    timeout: 5000,
    ...(server.protocol === "tls:" ? { tls: caFile === undefined ? {} : { ca: readFileSync(caFile, "utf8") } } : {}),
    ...(user === undefined ? {} : { user, pass: readFileSync(passwordFile, "utf8").trim() }),
  });
  try {
    const manager = await jetstreamManager(connection);
    const there = new Set(await namesOf(manager));
    for (const file of readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .sort()) {
      const config = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
      if (!there.has(config.name)) await manager.streams.add(config);
      console.log(`${config.name}: ${there.has(config.name) ? "is there" : "made"}`);
    }
  } finally {
    await connection.close();
  }
}

async function namesOf(manager) {
  const names = [];
  for await (const name of manager.streams.names()) names.push(name);
  return names;
}

const options = Object.fromEntries(
  ["url", "user", "password-file", "ca-file"].map((name) => [name, { type: "string" }]),
);
const { values } = parseArgs({ options });
if (values.url === undefined || (values.user === undefined) !== (values["password-file"] === undefined)) {
  console.error("usage: streams.mjs --url nats://host:port [--user admin --password-file FILE] [--ca-file FILE]");
  process.exitCode = 2;
} else {
  try {
    await makeStreams(values);
  } catch (error) {
    console.error(`streams: ${error.message}`);
    process.exitCode = 1;
  }
}

// Makes the streams of ./streams as an administrator. Adds what is missing, tells what differs, changes nothing that exists.
import { readdirSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

const { values } = parseArgs({
  options: {
    server: { type: "string" },
    user: { type: "string" },
    "password-file": { type: "string" },
    ca: { type: "string" },
  },
});
const tell = (line) => process.stderr.write(`seb: ${line}\n`);
if (values.server === undefined) {
  tell("--server nats://host:port or tls://host:port is missing");
  process.exit(2);
}

const read = (path) => readFileSync(path, "utf8");
const folder = new URL("./streams/", import.meta.url);
const wanted = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map((name) => JSON.parse(read(new URL(name, folder))));

const url = new URL(values.server);
const connection = await connect({
  servers: `${url.hostname}:${url.port || "4222"}`,
  tls: url.protocol === "tls:" ? (values.ca === undefined ? {} : { ca: read(values.ca) }) : null,
  ...(values.user === undefined ? {} : { user: values.user }),
  ...(values["password-file"] === undefined ? {} : { pass: read(values["password-file"]).trim() }),
});
try {
  const manager = await jetstreamManager(connection);
  for (const config of wanted) {
    const found = await manager.streams.info(config.name).catch(() => undefined);
    if (found === undefined) {
      await manager.streams.add(config);
      tell(`${config.name}: made`);
      continue;
    }
    const different = Object.keys(config).filter(
      (key) => JSON.stringify(found.config[key]) !== JSON.stringify(config[key]),
    );
    tell(`${config.name}: ${different.length === 0 ? "as it should be" : `differs in ${different.join(", ")}`}`);
    if (different.length > 0) process.exitCode = 1;
  }
} finally {
  await connection.close();
}

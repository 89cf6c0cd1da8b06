// `read-records.mjs WRITER FILE ACCESS`: copies a writer's chain from JetStream into a file, line for line as it was written.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";

const [writer, file, access] = process.argv.slice(2);
const { openJetStreamSink } = await import(
  pathToFileURL(`${process.env.SEB_ROOT}/packages/records/dist/nats/index.js`).href
);
const sink = openJetStreamSink(JSON.parse(access));
const lines = [];
for await (const line of sink.read(writer)) lines.push(`${line}\n`);
await sink.close();
mkdirSync(dirname(file), { recursive: true });
writeFileSync(`${file}.next`, lines.join(""));
renameSync(`${file}.next`, file);
process.exit(0);

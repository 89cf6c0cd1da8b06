// `read-records.mjs FOLDER ACCESS`: copies chains from JetStream into FOLDER/<service>/records, line for line, whenever FOLDER/records.want changes,
// and then writes what stood there into FOLDER/records.have. One process for all looks: a test must not wait for a start each time.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, access] = process.argv.slice(2);
const { openJetStreamSink, openNatsLink } = await import(
  pathToFileURL(`${process.env.SEB_ROOT}/packages/records/dist/nats/index.js`).href
);
const link = await openNatsLink(JSON.parse(access));
if (!link.ok) throw new Error(link.error.code);
const sink = openJetStreamSink({ link: link.value });
const [want, have] = [join(folder, "records.want"), join(folder, "records.have")];

function replace(file, text) {
  writeFileSync(`${file}.next`, text);
  renameSync(`${file}.next`, file);
}

async function copy(writer) {
  const lines = [];
  for await (const line of sink.read(writer)) lines.push(`${line}\n`);
  const records = join(folder, writer.replace(/-\d+$/, ""), "records");
  mkdirSync(records, { recursive: true });
  replace(join(records, `${writer}.jsonl`), lines.join(""));
}

for (let done = ""; ; await new Promise((resolve) => setTimeout(resolve, 5))) {
  const asked = existsSync(want) ? readFileSync(want, "utf8") : "";
  if (asked === done) continue;
  try {
    for (const writer of await sink.writers()) await copy(writer);
  } catch {
    // The server is away: whoever asked goes on waiting, and is answered when it is back.
    continue;
  }
  replace(have, asked);
  done = asked;
}

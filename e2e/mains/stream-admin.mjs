// `stream-admin.mjs ACCESS refuse|accept|append|replace`: what the administrator of NATS can do to the stream of records.
//   standard input   JSON list of arguments
//   refuse           the server refuses every further message of the stream
//   accept           it takes them again
//   append           SUBJECT LINE: one more message, as if the subject's writer had sent it
//   replace          SUBJECT LINE...: the stream is deleted and made again; this subject then holds these lines, the others what they held,
//                    each message at its place
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// By the client that the build uses.
const ofRecords = createRequire(`${process.env.SEB_ROOT}/packages/records/package.json`);
const { jetstream, jetstreamManager } = ofRecords("@nats-io/jetstream");
const { connect, headers } = ofRecords("@nats-io/transport-node");

const STREAM = "SEB_RECORDS";
/** Of no message that could be a record: even the shortest is refused. */
const NOTHING = 1;
const [access, does] = process.argv.slice(2);
const [subject, ...lines] = JSON.parse(readFileSync(0, "utf8"));
const { url, passwordFile } = JSON.parse(access);
const { hostname, port } = new URL(url);
const connection = await connect({
  servers: `${hostname}:${port}`,
  user: "admin",
  pass: readFileSync(passwordFile, "utf8").trim(),
});
const manager = await jetstreamManager(connection);
const js = jetstream(connection);

/** Every message by its place; undefined where one was deleted. */
async function held() {
  const { state } = await manager.streams.info(STREAM);
  const messages = [];
  for (let seq = 1; seq <= state.last_seq; seq++)
    messages.push((await manager.streams.getMessage(STREAM, { seq }).catch(() => null)) ?? undefined);
  return messages;
}

function headersOf(message) {
  const kept = headers();
  for (const name of message.header?.keys() ?? [])
    if (!name.startsWith("Nats-")) kept.set(name, message.header.get(name));
  return kept;
}

async function replace() {
  const before = await held();
  const { config } = await manager.streams.info(STREAM);
  await manager.streams.delete(STREAM);
  await manager.streams.add({ ...config, deny_delete: false, deny_purge: false });
  for (const message of before) {
    const stays = message !== undefined && message.subject !== subject;
    const { seq } = stays
      ? await js.publish(message.subject, message.data, { headers: headersOf(message) })
      : await js.publish(subject, "gap");
    // The writers of the other chains find their last message where they left it.
    if (!stays) await manager.streams.deleteMessage(STREAM, seq);
  }
  for (let at = 0; at < lines.length; at += 50) {
    const group = lines.slice(at, at + 50);
    const next = headers();
    next.set("Seb-Next-Seq", String(at + group.length));
    await js.publish(subject, group.join("\n"), { headers: next });
  }
  await manager.streams.update(STREAM, { deny_delete: true, deny_purge: true });
}

const deeds = {
  refuse: () => manager.streams.update(STREAM, { max_msg_size: NOTHING }),
  accept: () => manager.streams.update(STREAM, { max_msg_size: -1 }),
  append: () => js.publish(subject, lines.join("\n")),
  replace,
};
try {
  await deeds[does]();
} finally {
  await connection.close();
}

import type { Msg, NatsConnection } from "@nats-io/transport-node";

/** One message as a stream holds it. */
export interface StoredMessage {
  readonly subject: string;
  readonly sequence: number;
  /** Bytes as characters, so that different bytes never read alike. */
  readonly text: string;
  header(name: string): string | undefined;
}

const BATCH = 128;
/** A batch ends early rather than pass this. */
const BATCH_BYTES = 8_388_608;
/** How long all of one batch may take, in milliseconds. */
const BATCH_WAIT_MS = 5000;
const LAST_WAIT_MS = 1500;
/** Status codes of the direct API, as HTTP has them. */
const END_OF_BATCH = 204;
const NOT_FOUND = 404;

function messageOf(msg: Msg): StoredMessage {
  const { headers, data } = msg;
  const header = (name: string) => {
    const value = headers?.get(name) ?? "";
    return value === "" ? undefined : value;
  };
  return {
    subject: header("Nats-Subject") ?? "",
    sequence: Number(header("Nats-Sequence")),
    text: Buffer.from(data).toString("latin1"),
    header,
  };
}

/**
 * Asks a stream for stored messages by the direct API: no consumer, and so no right to make one, is needed. Throws when the answer is not
 * complete: a lost dependency.
 */
async function* ask(
  connection: NatsConnection,
  stream: string,
  question: object,
  maxWait: number,
): AsyncGenerator<StoredMessage> {
  const payload = JSON.stringify({ ...question, max_bytes: BATCH_BYTES });
  // The answer to a batch ends with a message without payload.
  const answers = await connection.requestMany(`$JS.API.DIRECT.GET.${stream}`, payload, {
    strategy: "sentinel",
    maxWait,
  });
  for await (const answer of answers) {
    const status = answer.headers?.code ?? 0;
    if (status === END_OF_BATCH || status === NOT_FOUND) return;
    if (status !== 0) throw new Error(`the stream answered with status ${status}`);
    yield messageOf(answer);
  }
  throw new Error("the stream's answer is not complete");
}

/** All messages of a subject, oldest first, from a stream sequence on. */
export async function* messagesOf(
  connection: NatsConnection,
  stream: string,
  subject: string,
): AsyncGenerator<StoredMessage> {
  for (let next = 1; ; ) {
    let count = 0;
    const question = { seq: next, batch: BATCH, next_by_subj: subject };
    for await (const message of ask(connection, stream, question, BATCH_WAIT_MS)) {
      count += 1;
      next = message.sequence + 1;
      yield message;
    }
    if (count === 0) return;
  }
}

/** The last message of each subject that fits; none when there is none. */
export async function lastMessages(
  connection: NatsConnection,
  stream: string,
  pattern: string,
): Promise<readonly StoredMessage[]> {
  const found: StoredMessage[] = [];
  const question = { multi_last: [pattern], batch: 1000 };
  for await (const message of ask(connection, stream, question, LAST_WAIT_MS)) found.push(message);
  return found;
}

import type { MonitorFacts } from "./monitor.js";

/** What the stream of records must be set to; infra/nats/streams has it whole. */
const REQUIRED: Readonly<Record<string, unknown>> = {
  storage: "file",
  retention: "limits",
  discard: "new",
  deny_delete: true,
  deny_purge: true,
  allow_rollup_hdrs: false,
  allow_direct: true,
  max_age: 0,
  max_msgs: -1,
  max_msgs_per_subject: -1,
};

/** What a server leaves out of its answer when it is set like this. */
const WHEN_ABSENT: Readonly<Record<string, unknown>> = {
  deny_delete: false,
  deny_purge: false,
  allow_rollup_hdrs: false,
  allow_direct: false,
};

/**
 * Settings of the stream or its servers that would let a record that was answered for be lost, by name; none when it will do.
 * Undefined facts mean that nobody could say.
 */
export function weakSettings(facts: MonitorFacts | undefined, stream: string): readonly string[] {
  if (facts === undefined) return [];
  const found = facts.streams.get(stream);
  if (found === undefined) return ["stream"];
  const { config } = found;
  const weak = Object.keys(REQUIRED).filter((name) => (config[name] ?? WHEN_ABSENT[name]) !== REQUIRED[name]);
  // Answers before the write is even under way.
  if (config.persist_mode !== undefined && config.persist_mode !== "default") weak.push("persist_mode");
  if (config.no_ack === true) weak.push("no_ack");
  if (!facts.syncAlways) weak.push("sync_interval");
  return weak.sort();
}

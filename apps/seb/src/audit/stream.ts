import { resolve } from "node:path";
import type { RecordSource } from "@seb/records";
import { type NatsLinkOptions, openJetStreamSink, openNatsLink } from "@seb/records/nats";
import { fail, ok, type Result } from "@seb/schema";
import type { Invocation } from "../command.js";

/** Chains in a JetStream stream, to be read only. */
export interface Stream {
  readonly source: RecordSource;
  close(): Promise<void>;
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** Flag, else variable: NATS is no part of a dev folder. */
function optionsOf({ flags, io }: Invocation, urls: readonly string[]): NatsLinkOptions {
  const path = (value: string | undefined) => (value === undefined ? undefined : resolve(io.cwd, value));
  const username = text(flags.natsUser) ?? text(io.env.SEB_NATS_USER);
  const passwordFile = path(text(flags.natsPasswordFile) ?? text(io.env.SEB_NATS_PASSWORD_FILE));
  const caFile = path(text(flags.natsCa) ?? text(io.env.SEB_NATS_CA));
  return {
    urls,
    monitorUrls: [],
    ...(username === undefined ? {} : { username }),
    ...(passwordFile === undefined ? {} : { passwordFile }),
    ...(caFile === undefined ? {} : { tls: { caFile } }),
  };
}

/** The servers named by `--nats` or SEB_NATS_URL (separated by commas); none when `--records` names folders. */
export function serversOf({ flags, io }: Invocation): readonly string[] {
  if (Array.isArray(flags.nats)) return flags.nats.map(String);
  if (Array.isArray(flags.records)) return [];
  return (io.env.SEB_NATS_URL ?? "").split(",").filter((url) => url !== "");
}

/** Connects as a user that may read records. Fails with `setting_invalid`, or `unreachable` when no server takes the user. */
export async function openStream(
  invocation: Invocation,
  urls: readonly string[],
): Promise<Result<Stream, "setting_invalid" | "unreachable">> {
  const link = await openNatsLink(optionsOf(invocation, urls));
  if (!link.ok) return link;
  const standing = link.value.reasons().filter((reason) => reason !== "nats_monitor_unreachable");
  if (standing.length > 0) {
    await link.value.close();
    return fail("unreachable", `the records cannot be read from NATS: ${standing.join(", ")}`, { facts: { standing } });
  }
  const source = openJetStreamSink({ link: link.value });
  return ok({ source, close: () => link.value.close() });
}

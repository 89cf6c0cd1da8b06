import { createSealer, generateKeyFile, type KeyFile, publicOf, type Sealer, signTrust } from "@seb/seal";
import { type Trust, verifyTrust } from "@seb/verify-core";

export interface RecordKeys {
  readonly trust: Trust;
  /** Sealer of a writer that the trust file names. */
  sealer(writer: string): Promise<Sealer<"record">>;
  /** A clock within the keys' validity that rises by one millisecond per reading. */
  readonly clock: { nowMs(): number; monotonicMs(): number };
}

const NOW_SECONDS = 1_800_000_000;

/** Fresh record keys for the writers, and a trust file, signed and verified, that names them. */
export async function makeRecordKeys(writers: readonly string[]): Promise<RecordKeys> {
  const owner = await generateKeyFile("owner", "owner-1");
  const files = new Map<string, KeyFile>();
  for (const writer of writers) files.set(writer, await generateKeyFile("record", writer));
  const validity = { nbf: NOW_SECONDS - 3600, exp: NOW_SECONDS + 86_400 };
  const keys = [...files.values()].map((file) => {
    const { kid, jwk } = publicOf(file);
    return { kid, role: "record" as const, name: file.name, jwk, aud: "env:test", ...validity };
  });
  const { kid, jwk } = publicOf(owner);
  const payload = { ver: 1 as const, version: 1, iat: validity.nbf, exp: validity.exp, owners: [jwk], keys };
  const pins = { owners: [kid], threshold: 1, minVersion: 0 };
  const trust = await verifyTrust(await signTrust(payload, [owner]), pins, NOW_SECONDS);
  if (!trust.ok) throw new Error(`trust file refused: ${trust.error.code}`);
  let elapsedMs = 0;
  const tick = () => {
    elapsedMs += 1;
    return elapsedMs;
  };
  return {
    trust: trust.value,
    sealer: async (writer) => {
      const sealer = await createSealer("record", files.get(writer));
      if (!sealer.ok) throw new Error(sealer.error.code);
      return sealer.value;
    },
    clock: { nowMs: () => NOW_SECONDS * 1000 + tick(), monotonicMs: tick },
  };
}

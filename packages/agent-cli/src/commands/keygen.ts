import { writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fail, Name, type Result, validate } from "@seb/schema";
import { generateKeyFile, publicOf } from "@seb/seal";
import type { Io } from "../io.js";
import { makeFolder } from "../job/make-folder.js";
import type { Outcome } from "../session.js";
import type { Given } from "./flags.js";

export interface KeygenFlags {
  readonly json?: boolean;
  readonly out?: string;
  readonly name?: string;
  readonly owner?: string;
}

const YEAR_SECONDS = 365 * 86_400;

/** `agent-cli keygen --out FILE`: makes an agent's key, and says how to register it. Never prints the private part. */
export async function keygen(io: Io, { flags, rest }: Given<KeygenFlags>): Promise<Outcome> {
  const { out, name = "agent", owner = "platform" } = flags;
  if (rest.length > 0) return fail("usage", "keygen takes flags only");
  if (out === undefined || out === "") return fail("usage", "give --out FILE: where the key is to be written");
  for (const [flag, value] of [
    ["--name", name],
    ["--owner", owner],
  ] as const) {
    if (!validate(Name, value, "usage").ok) return fail("usage", `${flag} is 1 to 63 characters of a-z, 0-9 and "-"`);
  }
  const key = await generateKeyFile("agent", name);
  const written = write(resolve(io.cwd, out), `${JSON.stringify(key, null, 2)}\n`);
  if (!written.ok) return written;
  const { kid, jwk } = publicOf(key);
  const expires = Math.floor(io.nowMs() / 1000) + YEAR_SECONDS;
  const registration = [
    `# control/agents/${name}.yaml`,
    "ver: 1",
    `subject: agent:${name}`,
    `owner: ${owner}`,
    `keys: ["${kid}"]`,
    "actions: [deploy]",
    `expires: ${expires} # ${new Date(expires * 1000).toISOString()}`,
  ];
  const json = { file: out, name, thumbprint: kid, jwk, registration: registration.join("\n") };
  return { ok: true, value: { text: `thumbprint: ${kid}\n\n${registration.join("\n")}\n`, json } };
}

function write(path: string, text: string): Result<void> {
  try {
    makeFolder(dirname(path));
    writeFileSync(path, text, { mode: 0o600, flag: "wx" });
    return { ok: true, value: undefined };
  } catch (error) {
    const exists = typeof error === "object" && error !== null && "code" in error && error.code === "EEXIST";
    return fail("setting_invalid", exists ? "--out: the file exists already" : "--out: the file cannot be written");
  }
}

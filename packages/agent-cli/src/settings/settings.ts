import { dirname, resolve } from "node:path";
import { readSecretFile } from "@seb/local";
import { fail, Name, ok, type Result, validate } from "@seb/schema";
import type { Io } from "../io.js";
import { type FoundAgentFile, readAgentFile } from "./agent-file.js";
import { bothNames, lookup, missing, namesOf, type SettingCode } from "./lookup.js";

/** Flags that every command knows, as commander gives them. */
export interface CommonFlags {
  readonly json?: boolean;
  readonly config?: string;
  readonly signerUrl?: string;
  readonly brokerUrl?: string;
  readonly key?: string;
  readonly timeoutMs?: string;
  readonly action?: string;
  readonly service?: string;
  readonly region?: string;
}

export type NamedSetting = "action" | "service" | "region";

/** Settings of one command: flag, then `SEB_*`, then the nearest `.seb/agent.yaml`. */
export interface Settings {
  readonly file: FoundAgentFile;
  /** Folder that paths in the settings file are relative to. */
  readonly folder: string;
  signerUrl(): Result<string | undefined, SettingCode>;
  brokerUrl(): Result<string | undefined, SettingCode>;
  /** Content of the agent's key file; undefined when none is set. */
  key(): Result<string | undefined, SettingCode>;
  named(name: NamedSetting): Result<string, SettingCode>;
  /** Time for the whole command, 100 to 8000 milliseconds. */
  timeoutMs(): Result<number, SettingCode>;
}

/** Every command ends within 9 s, whatever the services do: no setting may ask for more than this. */
const MOST_TIMEOUT_MS = 8000;
const SIGNER = namesOf("signer_url");
const BROKER = namesOf("broker_url");
const KEY = namesOf("key");
const TIMEOUT = namesOf("timeout_ms");

export function loadSettings(io: Io, flags: CommonFlags): Result<Settings, SettingCode> {
  const { env } = io;
  const config = lookup(namesOf("config"), flags.config, env, undefined);
  if (!config.ok) return config;
  const found = readAgentFile(io.cwd, config.value);
  if (!found.ok) return found;
  const file = found.value;
  const { content } = file;
  const folder = file.path === undefined ? io.cwd : dirname(file.path);
  return ok({
    file,
    folder,
    signerUrl: () => lookup(SIGNER, flags.signerUrl, env, content.endpoints?.signer),
    brokerUrl: () => lookup(BROKER, flags.brokerUrl, env, content.endpoints?.broker),
    key: () => {
      const path = lookup(KEY, flags.key, env, content.key);
      if (!path.ok || path.value === undefined) return path.ok ? ok(undefined) : path;
      const fromFile = flags.key === undefined && (env[KEY.variable] ?? "") === "";
      return readKey(resolve(fromFile ? folder : io.cwd, path.value));
    },
    named: (name) => namedSetting(io, flags, file, name),
    timeoutMs: () => {
      const value = lookup(TIMEOUT, flags.timeoutMs, env, undefined);
      if (!value.ok || value.value === undefined) return value.ok ? ok(MOST_TIMEOUT_MS) : value;
      const ms = Number(value.value);
      if (/^[0-9]{1,6}$/.test(value.value) && ms >= 100 && ms <= MOST_TIMEOUT_MS) return ok(ms);
      return fail(
        "setting_invalid",
        `${bothNames(TIMEOUT)} is a number of milliseconds from 100 to ${MOST_TIMEOUT_MS}`,
      );
    },
  });
}

function namedSetting(
  io: Io,
  flags: CommonFlags,
  file: FoundAgentFile,
  name: NamedSetting,
): Result<string, SettingCode> {
  const names = namesOf(name);
  const value = lookup(names, flags[name], io.env, file.content[name]);
  if (!value.ok) return value;
  if (value.value === undefined) return missing(names);
  const valid = validate(Name, value.value, "setting_invalid");
  return valid.ok ? valid : fail("setting_invalid", `${bothNames(names)} is 1 to 63 characters of a-z, 0-9 and "-"`);
}

const MAX_KEY_BYTES = 16_384;

/** Reads a private key file that only its owner can read. The failure never shows what is in it. */
function readKey(path: string): Result<string, "setting_invalid"> {
  const key = readSecretFile(path, MAX_KEY_BYTES);
  return key.ok ? key : fail("setting_invalid", `the key file: ${key.error.detail}`);
}

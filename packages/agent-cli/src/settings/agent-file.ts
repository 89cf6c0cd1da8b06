import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isJson } from "@seb/canonical";
import { closed, fail, Key, mapOf, ok, type Result, validate } from "@seb/schema";
import Type from "typebox";
import { parseDocument } from "yaml";

const Text = Type.String({ maxLength: 1000 });
const Value = Type.Union([Text, Type.Integer(), Type.Boolean(), Type.Array(Text, { maxItems: 32 })]);

/** `.seb/agent.yaml`. Every text may be or hold `${VARIABLE}`. */
export const AgentFile = closed({
  endpoints: Type.Optional(
    closed({ signer: Type.Optional(Text), broker: Type.Optional(Text), revocation: Type.Optional(Text) }),
  ),
  /** Path of the agent's key file, relative to this file. */
  key: Type.Optional(Text),
  audience: Type.Optional(Text),
  action: Type.Optional(Text),
  service: Type.Optional(Text),
  region: Type.Optional(Text),
  parameters: Type.Optional(mapOf(Key, Value, 24)),
  bounds: Type.Optional(mapOf(Key, Value, 24)),
  evidence: Type.Optional(
    Type.Array(
      Type.Union([
        closed({ type: Type.Literal("attestation"), file: Text }),
        closed({ type: Type.Literal("reference"), name: Key, value: Text }),
      ]),
      { maxItems: 16 },
    ),
  ),
});
export type AgentFile = Type.Static<typeof AgentFile>;

export interface FoundAgentFile {
  /** Absolute path; undefined when there is none. */
  readonly path: string | undefined;
  readonly content: AgentFile;
}

const MAX_BYTES = 65_536;

/** The nearest `name` at or above `from`. */
export function nearest(from: string, name: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const candidate = join(folder, name);
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Reads the settings file that `explicit` names, or else the nearest `.seb/agent.yaml`. */
export function readAgentFile(cwd: string, explicit: string | undefined): Result<FoundAgentFile, "setting_invalid"> {
  const path = explicit === undefined ? nearest(cwd, join(".seb", "agent.yaml")) : resolve(cwd, explicit);
  if (path === undefined) return ok({ path: undefined, content: {} });
  let text: string;
  try {
    if (statSync(path).size > MAX_BYTES) return fail("setting_invalid", `${path} is larger than ${MAX_BYTES} bytes`);
    text = readFileSync(path, "utf8");
  } catch {
    return fail("setting_invalid", `cannot read ${path}`);
  }
  const document = parseDocument(text, { schema: "core", strict: true, uniqueKeys: true, merge: false });
  const wrong = document.errors[0] ?? document.warnings[0];
  if (wrong !== undefined)
    return fail("setting_invalid", `${path} is not YAML (line ${wrong.linePos?.[0].line ?? "?"})`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 }) ?? {};
  } catch {
    return fail("setting_invalid", `${path} uses aliases`);
  }
  if (!isJson(value)) return fail("setting_invalid", `${path} holds something that JSON cannot`);
  const valid = validate(AgentFile, value, "setting_invalid");
  if (valid.ok) return ok({ path, content: valid.value });
  return fail("setting_invalid", `${path}: ${valid.error.pointer || "the document"} ${valid.error.detail}`);
}

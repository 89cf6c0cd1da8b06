import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packBundle } from "@seb/catalogue";
import { publicOf } from "@seb/seal";
import { type Keys, keyOf } from "./keys.js";

const EXAMPLE = join(import.meta.dirname, "../../../examples/control");

function exampleFiles(): Record<string, string> {
  const entries = readdirSync(EXAMPLE, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [path.slice(EXAMPLE.length + 1), readFileSync(path, "utf8")]));
}

function agent(keys: Keys, name: string, key: string, actions: string): string {
  const { kid } = publicOf(keyOf(keys, key));
  return `ver: 1\nsubject: agent:${name}\nowner: team-sre\nkeys: ["${kid}"]\nactions: [${actions}]\nexpires: 2051222400\n`;
}

function person(keys: Keys, name: string, groups: string, agents: string): string {
  const { kid, jwk } = publicOf(keyOf(keys, name));
  return `ver: 1\nname: ${name}\ngroups: [${groups}]\nkeys: [{ kid: "${kid}", jwk: ${JSON.stringify(jwk)} }]\nagents: [${agents}]\n`;
}

/** The example control folder with the keys of these tests; `changes` replaces files, undefined takes one away. */
export function controlFiles(
  keys: Keys,
  changes: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> {
  const root = JSON.stringify(publicOf(keyOf(keys, "builder")).jwk);
  const types = ["https://in-toto.io/attestation/test-result/v0.1", "https://seb.dev/attestation/test-result/v1"];
  const files: Record<string, string | undefined> = {
    ...exampleFiles(),
    "agents/oncall-v3.yaml": agent(keys, "oncall-v3", "agent", "deploy, scale"),
    "agents/night-bot.yaml": agent(keys, "night-bot", "otherAgent", "scale"),
    "people/carol.yaml": person(keys, "carol", "approvers", ""),
    "people/dave.yaml": person(keys, "dave", "approvers", "agent:oncall-v3"),
    "people/erin.yaml": person(keys, "erin", "approvers", ""),
    "people/frank.yaml": person(keys, "frank", "readers", ""),
    "roots/ci.yaml": `ver: 1\nname: ci\nkeyid: ci-1\njwk: ${root}\npredicate_types: ${JSON.stringify(types)}\nexpires: 2051222400\n`,
    ...changes,
  };
  return Object.fromEntries(Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

export function pack(files: Readonly<Record<string, string>>): { digest: string; text: string } {
  const packed = packBundle(files);
  if (!packed.ok) throw new Error(packed.error.detail);
  return packed.value;
}

/** The example's thresholds with some numbers changed. */
export function thresholds(changes: Readonly<Record<string, string>>): string {
  return (
    exampleFiles()
      ["policy/thresholds.yaml"]?.split("\n")
      .map((line) => {
        const key = line.split(":")[0] ?? "";
        const name = key.trim();
        return Object.hasOwn(changes, name) ? `${key}: ${changes[name]}` : line;
      })
      .join("\n") ?? ""
  );
}

/** Windows in which nothing is ever open, or only the given one; freezes as given. */
export function windows(window: string | undefined, freezes = "[]"): string {
  return `ver: 1\nwindows:${window === undefined ? " []" : `\n  - ${window}`}\nfreezes: ${freezes}\n`;
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Bundle, openBundle, packBundle } from "@seb/catalogue";
import { publicOf } from "@seb/seal";
import type { Keys } from "./keys.js";
import { need } from "./need.js";

const EXAMPLE = join(import.meta.dirname, "../../../examples/control");

/** A packed control bundle, and the same opened. */
export interface Packed {
  readonly digest: string;
  readonly text: string;
  readonly bundle: Bundle;
}

function exampleFiles(): Record<string, string> {
  const entries = readdirSync(EXAMPLE, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [path.slice(EXAMPLE.length + 1), readFileSync(path, "utf8")]));
}

function agent(keys: Keys, actions: string): string {
  const { kid } = publicOf(keys.agent);
  return `ver: 1\nsubject: agent:oncall-v3\nowner: team-sre\nkeys: ["${kid}"]\nactions: [${actions}]\nexpires: 2051222400\n`;
}

/** The example control folder with the agent's key of these tests and the given changes of texts. */
export function packControl(
  keys: Keys,
  changes: { readonly actions?: string; readonly edit?: (path: string, text: string) => string } = {},
): Packed {
  const { actions = "deploy, scale", edit = (_path, text) => text } = changes;
  const files = { ...exampleFiles(), "agents/oncall-v3.yaml": agent(keys, actions) };
  const edited = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, edit(path, text)]));
  const { digest, text } = need(packBundle(edited));
  return { digest, text, bundle: need(openBundle(text, digest)) };
}

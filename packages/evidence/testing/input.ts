import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openBundle, packBundle } from "@seb/catalogue";
import type { Result } from "@seb/schema";
import type { EvidenceInput } from "../src/index.js";

const EXAMPLE = join(import.meta.dirname, "../../../examples/control");

export const IMAGE = `sha256:${"a".repeat(64)}`;
export const PREVIOUS = `sha256:${"b".repeat(64)}`;
export const RUNNING = `sha256:${"c".repeat(64)}`;
export const REPOSITORY = "registry.example/checkout";

/** Seconds since the Unix epoch at which the example's input is judged: the observation is 1 s old and lives for 60 s. */
export const NOW_SECONDS = 1_780_000_000;

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
}

/** A deployment of checkout under the example control folder; `changes` rewrite files of it. Nothing is attested. */
export function exampleInput(changes: Readonly<Record<string, (text: string) => string>> = {}): EvidenceInput {
  const entries = readdirSync(EXAMPLE, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(EXAMPLE.length + 1);
      return [name, changes[name]?.(readFileSync(path, "utf8")) ?? readFileSync(path, "utf8")];
    }),
  );
  const { digest, text } = value(packBundle(files));
  const bundle = value(openBundle(text, digest));
  const [definition, service] = [bundle.actions.get("deploy"), bundle.services.get("checkout")];
  if (!definition || !service) throw new Error("the example has no deploy or no checkout");
  return {
    bundle,
    definition,
    service,
    subject: "agent:oncall-v3",
    scope: { image_digest: IMAGE, max_replicas: 8 },
    parameters: { image_digest: IMAGE },
    items: [],
    observation: {
      ver: 1,
      iss: "broker:dev",
      aud: "broker:dev",
      sub: "agent:oncall-v3",
      iat: NOW_SECONDS - 1,
      exp: NOW_SECONDS + 59,
      bundle: digest,
      action: "deploy",
      resource: "service:checkout/region:us-east-1",
      state: {
        target: "gitops",
        uid: "u",
        version: "v",
        fields: {},
        values: { image: `${REPOSITORY}@${RUNNING}`, replicas: 8 },
        previous: { image: `${REPOSITORY}@${PREVIOUS}` },
        precondition: {},
      },
    },
    revokedKeys: new Set(),
    recentDenials: 0,
    nowMs: NOW_SECONDS * 1000,
  };
}

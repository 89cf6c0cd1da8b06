import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import canonicalize from "canonicalize";
import { parse, stringify } from "yaml";
import { http } from "./agent.js";
import { digest, payloadOf } from "./json.js";
import { giveOrderByTwo } from "./orders.js";
import { until } from "./until.js";
import type { Environment } from "./world.js";

/** Texts of a control folder by path. */
export type ControlFiles = Readonly<Record<string, string>>;

/** Reads the environment's control folder. */
export function readControl(environment: Environment): ControlFiles {
  const folder = join(environment.seb, "control");
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path), "utf8")]));
}

/** Writes files of a control folder, for the command lines that read one. */
export function writeControl(folder: string, files: ControlFiles): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** The same YAML file with changed members. */
export function withYaml(files: ControlFiles, path: string, change: (value: Record<string, unknown>) => unknown) {
  const value = parse(files[path] ?? "{}");
  return { ...files, [path]: stringify(change(value)) };
}

/** Where a bundle lies in the environment. */
export const bundleFile = (environment: Environment, bundle: string) =>
  join(environment.seb, "bundles", `${bundle.slice("sha256:".length)}.json`);

/** Packs files by hand and installs the bundle, whatever it is worth; answers its digest. */
export function installBundle(environment: Environment, files: ControlFiles): string {
  const content = { ver: 1, files };
  const bundle = digest("seb-bundle-v1", content);
  writeFileSync(bundleFile(environment, bundle), canonicalize(content) ?? "");
  return bundle;
}

/** Do signer and broker both work under this bundle, or say that they cannot? */
async function inForce(environment: Environment, bundle: string): Promise<boolean> {
  const { body } = await http(`${environment.urls.signer}/v1/actions`);
  if (body.bundle !== bundle && body.code !== "bundle_invalid") return false;
  const seen = await environment.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1" });
  return typeof seen.body.observation === "string" && payloadOf(seen.body.observation).bundle === bundle;
}

/** Installs a bundle, activates it by two operators' orders and waits for both services to follow; answers its digest. @throws when it is refused. */
export async function activate(environment: Environment, files: ControlFiles): Promise<string> {
  const bundle = installBundle(environment, files);
  const answer = await giveOrderByTwo(environment, { do: "activate", bundle, wire: 1 });
  if (answer.status !== 200) throw new Error(`not activated: ${JSON.stringify(answer.body)}`);
  await until("signer and broker follow", () => inForce(environment, bundle));
  return bundle;
}

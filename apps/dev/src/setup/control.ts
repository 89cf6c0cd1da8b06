import { cp, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bundle, openBundle, packBundle } from "@seb/catalogue";
import { exists, writeWhole } from "@seb/mounts";
import { createPolicyEngine } from "@seb/policy";
import { fail, ok, type Result } from "@seb/schema";
import { publicOf } from "@seb/seal";
import { parseDocument } from "yaml";
import { need } from "../failure.js";
import type { Layout } from "../layout.js";
import { imageDigest } from "./gitops.js";
import { readBuilderKey, readDevKey } from "./keys.js";

/** The examples that the repository ships: this file lies four levels below its root, in the sources and in the build. */
const EXAMPLES = fileURLToPath(new URL("../../../../examples/", import.meta.url));
const YEAR_SECONDS = 31_536_000;

/** Sets members of a YAML file and leaves the rest, comments included, as it stands. */
async function setMembers(path: string, members: Readonly<Record<string, unknown>>): Promise<void> {
  const document = parseDocument(await readFile(path, "utf8"));
  // The example's comment says that nobody holds its key: that is over now.
  document.commentBefore = " Written by seb dev: the private part lies in keys/.";
  for (const [name, value] of Object.entries(members)) document.set(name, document.createNode(value));
  await writeWhole(path, document.toString({ lineWidth: 0 }));
}

async function writeOwnKeys(layout: Layout, control: string, nowSeconds: number): Promise<void> {
  const expires = nowSeconds + YEAR_SECONDS;
  const agent = publicOf(await readDevKey(layout, "agent"));
  await setMembers(join(control, "agents", "oncall-v3.yaml"), { keys: [agent.kid], expires });
  await setMembers(join(control, "people", "carol.yaml"), {
    keys: [publicOf(await readDevKey(layout, "person-carol"))],
  });
  const { keyid, privateJwk } = need(await readBuilderKey(layout.key("builder")), "builder key");
  const { kty, crv, x } = privateJwk;
  await setMembers(join(control, "roots", "ci.yaml"), { keyid, jwk: { kty, crv, x }, expires });
}

/** Copies the example control folder and writes dev's own keys into it. An existing one is left alone. */
export async function makeControl(layout: Layout, nowSeconds: number): Promise<void> {
  if (await exists(layout.control)) return;
  const next = `${layout.control}.${process.pid}.next`;
  await cp(join(EXAMPLES, "control"), next, { recursive: true });
  await writeOwnKeys(layout, next, nowSeconds);
  await rename(next, layout.control);
}

/** Every file of a control folder by path relative to it, with forward slashes. */
export async function readControl(folder: string): Promise<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith(".")) continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(folder.length + 1).replaceAll("\\", "/")] = await readFile(path, "utf8");
  }
  return files;
}

/** A packed and fully checked control bundle. */
export interface Packed {
  readonly bundle: Bundle;
  readonly text: string;
}

/** Packs a control folder; its policies are compiled by Cedar and their own tests run. */
export async function packControl(folder: string): Promise<Result<Packed>> {
  let files: Readonly<Record<string, string>>;
  try {
    files = await readControl(folder);
  } catch {
    return fail("setting_missing", `cannot read the control folder ${folder}`);
  }
  const packed = packBundle(files);
  if (!packed.ok) return packed;
  const { digest, text } = packed.value;
  const bundle = openBundle(text, digest);
  if (!bundle.ok) return bundle;
  const engine = createPolicyEngine(bundle.value);
  return engine.ok ? ok({ bundle: bundle.value, text }) : engine;
}

/** Writes `ceilings.yaml` (the example's), and `targets.yaml` with the local repository for every target that services name. */
export async function makePlatform(layout: Layout, bundle: Bundle): Promise<void> {
  if (!(await exists(layout.ceilingsFile)))
    await writeWhole(layout.ceilingsFile, await readFile(join(EXAMPLES, "ceilings.yaml"), "utf8"));
  if (await exists(layout.targetsFile)) return;
  const names = [...bundle.services.values()].flatMap(({ regions }) =>
    Object.values(regions).map(({ target }) => target),
  );
  const entry = (name: string) => `  ${name}:
    connector: git
    url: ${JSON.stringify(layout.gitops)}
    branch: main
    author_name: SEB broker
    author_email: broker@seb.invalid
`;
  const entries = [...new Set(names)].map(entry).join("");
  await writeWhole(layout.targetsFile, `# Broker only: where the targets are.\nver: 1\ntargets:\n${entries}`);
}

/** The build that the agent of the first start proposes: newer than the two that the repository has seen. */
export const FIRST_PROPOSAL = { service: "checkout", region: "us-east-1", image_digest: imageDigest("checkout", 3) };

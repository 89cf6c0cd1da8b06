import { readFileSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { readJson } from "@seb/canonical";
import {
  type ConfigKind,
  ceilingMistakes,
  isConfigKind,
  openBundle,
  readConfigFile,
  targetUseMistakes,
} from "@seb/catalogue";
import { readSecretFile } from "@seb/local";
import { Ceilings, fail, failMistakes, type Mistake, ok, type Result, Targets, validate } from "@seb/schema";
import { readKeyFile } from "@seb/seal";
import { packFolder } from "./control-folder.js";
import type { Refused } from "./outcome.js";
import { canCompile, testFolder } from "./policy-test.js";

/** What a YAML file is, by its name or its folder. */
function kindOf(path: string): ConfigKind | undefined {
  const name = basename(path).replace(/\.yaml$/, "");
  const folder = basename(dirname(path));
  const ofName = ["ceilings", "targets", "windows", "modes", "thresholds"].includes(name);
  const kind = ofName ? name : folder;
  return path.endsWith(".yaml") && isConfigKind(kind) ? kind : undefined;
}

function checkKey(text: string, path: string): Result<string> {
  const json = readJson(text, { maxBytes: 8192, maxDepth: 4 });
  const key = json.ok ? readKeyFile(json.value) : json;
  if (!key.ok) return fail("setting_invalid", `${path} is not a key file, nor another file that is known`);
  const secret = readSecretFile(path);
  if (!secret.ok) return secret;
  return ok(`key of the role ${key.value.role} for ${key.value.name}`);
}

/** Files that others check: they hold the schema. */
const CHECKED_BY: Readonly<Record<string, string>> = {
  "agent.yaml":
    "Run agent-cli, e.g. agent-cli actions: it checks this file whenever it reads it, and names what is wrong.",
  ...Object.fromEntries(
    ["signer", "broker", "revocation"].map((service) => [
      `${service}.yaml`,
      `Run node apps/${service}/dist/main.js --config <file> --check-config: each service checks its own settings.`,
    ]),
  ),
};
const KNOWN = "known are ceilings, targets, control folders and their YAML files, key files";

function unknownFile(path: string): Refused {
  const { error } = fail("usage", KNOWN);
  const remedy = basename(path).endsWith(".cedar")
    ? "Check the control folder as a whole: policies are compiled together with their schema."
    : CHECKED_BY[basename(path)];
  return remedy === undefined ? error : { ...error, detail: `${basename(path)} is not checked here`, remedy };
}

/** A control folder as a whole: every file, each against the others, its policies by Cedar, its policy tests. */
async function checkFolder(path: string, timeoutMs: number): Promise<Checked> {
  if (canCompile()) {
    const tested = await testFolder(path, timeoutMs);
    if (!tested.ok) return tested;
    const { digest, text, tests } = tested.value;
    return ok({ is: `control folder, bundle ${digest}, ${tests} tests passed`, bundle: { digest, text } });
  }
  const packed = packFolder(path);
  if (!packed.ok) return packed;
  const { digest, text } = packed.value;
  return ok({
    is: `control folder, bundle ${digest}; policies are not compiled here: seb policy test`,
    bundle: { digest, text },
  });
}

/** What was found to be right. */
interface Right {
  readonly is: string;
  readonly bundle?: { readonly digest: string; readonly text: string };
  readonly value?: unknown;
}
type Checked = Result<Right> | { readonly ok: false; readonly error: Refused };

async function checkOne(path: string, timeoutMs: number): Promise<Checked> {
  let text: string;
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
    text = isFolder ? "" : readFileSync(path, "utf8");
  } catch {
    return fail("setting_missing", `cannot open ${path}`);
  }
  if (isFolder) return checkFolder(path, timeoutMs);
  if (path.endsWith(".json")) {
    const key = checkKey(text, path);
    return key.ok ? ok({ is: key.value }) : key;
  }
  const kind = kindOf(path);
  if (kind === undefined) return { ok: false, error: unknownFile(path) };
  const read = readConfigFile(kind, basename(path), text);
  return read.ok ? ok({ is: basename(path), value: read.value }) : read;
}

/**
 * Checks files, each by its name and folder, and control folders as a whole, within `timeoutMs`; a control folder together with
 * `ceilings.yaml` or `targets.yaml` is also checked against these. Answers what each path is, or every mistake of all of them.
 */
export async function checkConfig(paths: readonly string[], timeoutMs: number): Promise<Judged> {
  const failures: Refused[] = [];
  const right: { path: string; it: Right }[] = [];
  for (const path of paths) {
    const checked = await checkOne(path, timeoutMs);
    if (checked.ok) right.push({ path, it: checked.value });
    else failures.push(checked.error);
  }
  const together = failures.length === 0 ? [...togetherMistakes(right)] : [];
  const [first, ...more] = failures;
  if (first === undefined) {
    const [mistake, ...others] = together;
    if (mistake !== undefined) return failMistakes("setting_invalid", [mistake, ...others]);
    return ok(right.map(({ path, it }) => ({ path, is: it.is })));
  }
  return { ok: false, error: more.length === 0 ? first : allOf(first, more) };
}

type Judged = Result<{ path: string; is: string }[]> | { readonly ok: false; readonly error: Refused };

/** The first failure with the mistakes of all; of a failure that lists none its detail stands for one. */
function allOf(first: Refused, more: readonly Refused[]): Refused {
  const all = [first, ...more].flatMap(
    ({ detail, mistakes }) => mistakes ?? [{ file: "", found: detail, expected: "a file that can be checked" }],
  );
  const [one, ...others] = all;
  return one === undefined ? first : failMistakes(first.code, [one, ...others]).error;
}

/** Mistakes between the platform's files and the control folder that are checked with them. */
function* togetherMistakes(right: readonly { path: string; it: Right }[]): Generator<Mistake> {
  for (const { it } of right) {
    const opened = it.bundle === undefined ? undefined : openBundle(it.bundle.text, it.bundle.digest);
    if (opened === undefined || !opened.ok) continue;
    for (const { path, it: other } of right) {
      const file = basename(path);
      if (kindOf(path) === "ceilings") {
        const ceilings = validate(Ceilings, other.value, "setting_invalid");
        if (ceilings.ok)
          for (const mistake of ceilingMistakes(ceilings.value, opened.value)) yield { file, ...mistake };
      }
      if (kindOf(path) === "targets") {
        const targets = validate(Targets, other.value, "setting_invalid");
        if (targets.ok) yield* targetUseMistakes(targets.value, opened.value);
      }
    }
  }
}

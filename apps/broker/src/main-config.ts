import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { digest } from "@seb/canonical";
import { targetMistakes } from "@seb/catalogue";
import {
  checkDeployed,
  DEPLOYMENT,
  type Deployed,
  deploymentOf,
  keyOf,
  Path,
  pointed,
  readSettings,
} from "@seb/mounts/servers";
import { Ceilings, closed, failMistakes, ok, type Result, Targets, Ver } from "@seb/schema";
import type { KeyFile } from "@seb/seal";
import { readConfig, readYamlFile } from "@seb/service-kit";
import { BrokerConfig } from "./config.js";

/** `broker.yaml`. It can express no policy. Paths are relative to its folder; secrets are files. */
export const BrokerMainConfig = closed({
  ver: Ver,
  service: BrokerConfig,
  keys: closed({ observation: Path, record: Path }),
  ...DEPLOYMENT,
  /** `ceilings.yaml`: bounds that hold even for a certificate made with a stolen signer key. */
  ceilings: Path,
  /** `targets.yaml`: endpoints and credential files. */
  targets: Path,
});

export interface BrokerSettings {
  readonly service: BrokerConfig;
  readonly keys: { readonly observation: KeyFile; readonly record: KeyFile };
  readonly deployed: Deployed;
  readonly ceilings: Ceilings;
  readonly targets: Targets;
  readonly digests: { readonly ceilings: string; readonly targets: string };
}

/** Reads the settings and every file they name, save what a start waits for. */
export async function readBrokerSettings(file: string): Promise<Result<BrokerSettings>> {
  const read = readSettings(BrokerMainConfig, file);
  if (!read.ok) return read;
  const { config, at } = read.value;
  const { service, keys } = config;
  const observation = keyOf(read.value, {
    setting: "observation",
    path: keys.observation,
    role: "observation",
    name: service.audience,
  });
  if (!observation.ok) return observation;
  const record = keyOf(read.value, { setting: "record", path: keys.record, role: "record", name: service.instance });
  if (!record.ok) return record;
  const deployed = await deploymentOf(read.value);
  if (!deployed.ok) return deployed;
  const platform = platformOf(at(config.ceilings), at(config.targets));
  if (!platform.ok) return platform;
  const { ceilings, targets } = platform.value;
  const texts = [readYamlFile(at(config.ceilings)), readYamlFile(at(config.targets))] as const;
  if (!texts[0].ok) return pointed(texts[0], "/ceilings");
  if (!texts[1].ok) return pointed(texts[1], "/targets");
  return ok({
    service,
    keys: { observation: observation.value, record: record.value },
    deployed: deployed.value,
    ceilings,
    targets,
    digests: {
      ceilings: digest("ceilings", texts[0].value),
      targets: digest("targets", texts[1].value),
    },
  });
}

/** Reads the platform's two files; the mistakes of both are told at once. */
function platformOf(ceilingsFile: string, targetsFile: string): Result<{ ceilings: Ceilings; targets: Targets }> {
  const ceilings = pointed(readConfig(Ceilings, ceilingsFile), "/ceilings");
  const read = readConfig(Targets, targetsFile);
  const targets = pointed(read.ok ? checkTargets(read.value, targetsFile) : read, "/targets");
  if (ceilings.ok) return targets.ok ? ok({ ceilings: ceilings.value, targets: targets.value }) : targets;
  const [first, ...more] = [ceilings, targets].flatMap((it) => (it.ok ? [] : (it.error.mistakes ?? [])));
  const both = first !== undefined && !targets.ok && targets.error.mistakes !== undefined;
  if (!both || ceilings.error.mistakes === undefined) return ceilings;
  return pointed(failMistakes("setting_invalid", [first, ...more]), "/ceilings");
}

/** Holds every entry to its connector's language: no waiting mends a target that the connector does not understand. */
function checkTargets(targets: Targets, file: string): Result<Targets> {
  const [first, ...more] = [...targetMistakes(targets)].map((mistake) => ({ ...mistake, file }));
  return first === undefined ? ok(targets) : failMistakes("setting_invalid", [first, ...more]);
}

/** A target's files are read when the target is asked, and may come and change while the broker runs: one that is missing is a note. */
export async function checkBrokerSettings({ deployed, targets }: BrokerSettings): Promise<Result<readonly string[]>> {
  const checked = await checkDeployed(deployed);
  if (!checked.ok) return checked;
  const notes = [...checked.value];
  for (const [name, target] of Object.entries(targets.targets))
    for (const [setting, path] of Object.entries(target))
      if (setting.endsWith("_file") && typeof path === "string" && !(await readable(path)))
        notes.push(`cannot read ${path}, without which target ${name} cannot be used (/targets/${name}/${setting})`);
  return ok(notes);
}

async function readable(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

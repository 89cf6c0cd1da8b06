import { type EvidenceProvider, openSources } from "@seb/evidence";
import {
  checkDeployed,
  DEPLOYMENT,
  type Deployed,
  deploymentOf,
  folderOf,
  keyOf,
  Path,
  readSettings,
} from "@seb/mounts/servers";
import { closed, mapOf, Name, ok, type Result, Ver } from "@seb/schema";
import type { KeyFile } from "@seb/seal";
import Type from "typebox";
import { SignerConfig } from "./config.js";
import { SOURCES } from "./sources.js";

/** `signer.yaml`. It can express no target and no credential of one. Paths are relative to its folder; secrets are files. */
export const SignerMainConfig = closed({
  ver: Ver,
  service: SignerConfig,
  keys: closed({ certificate: Path, record: Path }),
  ...DEPLOYMENT,
  /** Evidence by digest; erasable, while its digests stay in the records. */
  evidence_folder: Path,
  /** Settings of further sources of evidence, by name; the built-in ones have none. */
  evidence: Type.Optional(mapOf(Name, Type.Unknown(), 32)),
});

export interface SignerSettings {
  readonly service: SignerConfig;
  readonly keys: { readonly certificate: KeyFile; readonly record: KeyFile };
  readonly deployed: Deployed;
  readonly evidenceFolder: string;
  /** Providers beside the built-in ones. */
  readonly providers: readonly EvidenceProvider[];
}

/** Reads the settings and every file they name, save what a start waits for. */
export async function readSignerSettings(file: string): Promise<Result<SignerSettings>> {
  const read = readSettings(SignerMainConfig, file);
  if (!read.ok) return read;
  const { config, at } = read.value;
  const { service, keys } = config;
  const certificate = keyOf(read.value, {
    setting: "certificate",
    path: keys.certificate,
    role: "certificate",
    name: service.issuer,
  });
  if (!certificate.ok) return certificate;
  const record = keyOf(read.value, { setting: "record", path: keys.record, role: "record", name: service.instance });
  if (!record.ok) return record;
  const deployed = await deploymentOf(read.value);
  if (!deployed.ok) return deployed;
  const evidence = folderOf(at(config.evidence_folder), "/evidence_folder");
  if (!evidence.ok) return evidence;
  const providers = openSources(SOURCES, config.evidence ?? {}, { at });
  if (!providers.ok)
    return { ok: false, error: { ...providers.error, pointer: `/evidence${providers.error.pointer ?? ""}` } };
  return ok({
    service,
    keys: { certificate: certificate.value, record: record.value },
    deployed: deployed.value,
    evidenceFolder: evidence.value,
    providers: providers.value,
  });
}

export const checkSignerSettings = ({ deployed }: SignerSettings): Promise<Result<readonly string[]>> =>
  checkDeployed(deployed);

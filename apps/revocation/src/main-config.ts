import { checkDeployed, DEPLOYMENT, type Deployed, deploymentOf, keyOf, Path, readSettings } from "@seb/mounts/servers";
import { closed, ok, type Result, Ver } from "@seb/schema";
import type { KeyFile } from "@seb/seal";
import { RevocationConfig } from "./config.js";

/** `revocation.yaml`. It can express no target, no policy and no certificate. Paths are relative to its folder; secrets are files. */
export const RevocationMainConfig = closed({
  ver: Ver,
  service: RevocationConfig,
  keys: closed({ status: Path, record: Path }),
  ...DEPLOYMENT,
});

export interface RevocationSettings {
  readonly service: RevocationConfig;
  readonly keys: { readonly status: KeyFile; readonly record: KeyFile };
  readonly deployed: Deployed;
}

/** Reads the settings and every file they name, save what a start waits for. */
export async function readRevocationSettings(file: string): Promise<Result<RevocationSettings>> {
  const read = readSettings(RevocationMainConfig, file);
  if (!read.ok) return read;
  const { service, keys } = read.value.config;
  const status = keyOf(read.value, { setting: "status", path: keys.status, role: "status" });
  if (!status.ok) return status;
  const record = keyOf(read.value, { setting: "record", path: keys.record, role: "record", name: service.instance });
  if (!record.ok) return record;
  const deployed = await deploymentOf(read.value);
  if (!deployed.ok) return deployed;
  return ok({ service, keys: { status: status.value, record: record.value }, deployed: deployed.value });
}

export const checkRevocationSettings = ({ deployed }: RevocationSettings): Promise<Result<readonly string[]>> =>
  checkDeployed(deployed);

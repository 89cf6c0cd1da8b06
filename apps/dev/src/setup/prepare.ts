import { mkdir } from "node:fs/promises";
import { exists, writeWhole } from "@seb/mounts";
import type { Clock } from "@seb/service-kit";
import { attest } from "../attest.js";
import { DevError, need } from "../failure.js";
import type { Layout } from "../layout.js";
import { FIRST_PROPOSAL, makeControl, makePlatform, packControl } from "./control.js";
import { makeGitops } from "./gitops.js";
import { makeKeys, readBuilderKey } from "./keys.js";
import { makeTrust } from "./trust.js";

/**
 * Makes whatever a dev folder lacks: keys, trust file, control folder, ceilings, targets, GitOps repository, an attestation
 * of the build that the agent proposes. What exists is left alone, so a start that was cut short is simply continued.
 */
export async function prepareFolder(layout: Layout, clock: Clock, log: (line: string) => void): Promise<void> {
  const nowSeconds = Math.floor(clock.nowMs() / 1000);
  await mkdir(layout.folder, { recursive: true, mode: 0o700 });
  if (!(await exists(layout.trustFile))) {
    log("making keys and the trust file, signed by two owners");
    await makeKeys(layout);
    await makeTrust(layout, nowSeconds);
  }
  await makeControl(layout, nowSeconds);
  const platform = [layout.ceilingsFile, layout.targetsFile, layout.gitops, layout.attestations];
  if ((await Promise.all(platform.map(exists))).every(Boolean)) return;
  log("making the control bundle, the GitOps repository and an attested build");
  const { bundle } = need(await packControl(layout.control), "control");
  await makePlatform(layout, bundle);
  await makeGitops(layout.gitops, bundle, nowSeconds);
  await makeAttestation(layout, bundle.services.get(FIRST_PROPOSAL.service)?.image_repository, clock);
}

async function makeAttestation(layout: Layout, name: string | undefined, clock: Clock): Promise<void> {
  if (name === undefined) return;
  const builder = await readBuilderKey(layout.key("builder"));
  if (!builder.ok) throw new DevError(builder.error);
  const { image_digest: imageDigest, service } = FIRST_PROPOSAL;
  const text = attest({ name, imageDigest, result: "PASSED", finishedOnMs: clock.nowMs() }, builder.value);
  await writeWhole(`${layout.attestations}/${service}.json`, text);
}

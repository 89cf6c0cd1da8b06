import { randomBytes } from "node:crypto";
import { BUILT_IN } from "@seb/evidence";
import { deciderPorts, openServers } from "@seb/mounts/servers";
import { createFileEvidence } from "@seb/records/embedded";
import { need, type Round } from "@seb/service-kit";
import { createCertificateSigner } from "@seb/signing-core";
import type { SignerSettings } from "./main-config.js";
import type { StepHook } from "./ports.js";
import { createService, type SignerService } from "./service.js";

/** Where the signer's ports meet Redis, NATS and its folders. `hook` is for tests that fail between two steps. */
export async function openSigner(settings: SignerSettings, round: Round, hook?: StepHook): Promise<SignerService> {
  const { service, keys, deployed } = settings;
  const who = { service: "signer", writer: service.instance, recordKey: keys.record };
  const servers = await openServers(deployed, who, round);
  return createService(service, {
    ...deciderPorts(servers, deployed, service.environment, round),
    key: need(await createCertificateSigner(keys.certificate), "certificate key"),
    evidence: createFileEvidence({ folder: settings.evidenceFolder }),
    providers: [...BUILT_IN, ...settings.providers],
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
    ...(hook === undefined ? {} : { hook }),
  });
}

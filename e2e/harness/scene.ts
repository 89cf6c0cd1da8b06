import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Answer, Proposal } from "./agent.js";
import type { Environment } from "./environment.js";
import { buildDigest } from "./gitops.js";

export const CHECKOUT = "service:checkout/region:us-east-1";
/** The image that the example proposal deploys: build 3, attested when the environment is made. */
export const NEW_IMAGE = buildDigest("checkout", 3);

/** Evidence entry for an attestation file of the environment. */
export function attestation(environment: Environment, file = "attestations/checkout.json") {
  const envelope = readFileSync(join(environment.seb, file));
  return { type: "attestation", envelope: envelope.toString("base64url") };
}

/** The example hotfix, with changes. */
export function hotfix(environment: Environment, changes: Partial<Proposal> = {}): Proposal {
  return {
    action: "deploy",
    service: "checkout",
    region: "us-east-1",
    parameters: { image_digest: NEW_IMAGE },
    bounds: { max_replicas: 12 },
    evidence: [attestation(environment)],
    ...changes,
  };
}

/** The operation that the hotfix's certificate certifies. */
export const OPERATION = {
  action: "deploy",
  resource: CHECKOUT,
  parameters: { image_digest: NEW_IMAGE, replicas: 12 },
} as const;

const TRIES = 5;

/**
 * A certificate for the hotfix. A signer whose store is slow on a busy machine answers `store_unavailable`, which is to be asked again.
 * @throws with the signer's problem when there is none.
 */
export async function certify(environment: Environment, changes: Partial<Proposal> = {}): Promise<string> {
  const ask = () => environment.agent.request(hotfix(environment, changes));
  let answer = await ask();
  for (let tries = 1; tries < TRIES && answer.body.code === "store_unavailable"; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    answer = await ask();
  }
  if (answer.status !== 201) throw new Error(`no certificate: ${JSON.stringify(answer)}`);
  return String(answer.body.certificate);
}

/** Status, code and step of an answer: what tests assert. */
export function verdict(answer: Answer): { status: number; code: unknown; step?: unknown } {
  const { code, step } = answer.body;
  return { status: answer.status, code: code ?? null, ...(step === undefined ? {} : { step }) };
}

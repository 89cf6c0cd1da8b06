// One certified change as an agent makes it, timed part by part; and one verification. Product and floor take the same requests.
import { createHash, randomBytes } from "node:crypto";
import { attestation } from "./wire.mjs";
import { REGION, repositoryOf } from "./world.mjs";

const MAX_REPLICAS = 12;
/** A certificate of the example's tier lives for 90 s; its last part is left unused. */
const KEPT_MS = 70_000;

const imageOf = (service, build) => `sha256:${createHash("sha256").update(`${service} build ${build}`).digest("hex")}`;

/** What a worker proposes in turn: two attested images, so that each change changes something and has a predecessor. */
export function proposalsOf({ service }, builder, action) {
  return [3, 4].map((build) => {
    const image_digest = imageOf(service, build);
    return {
      proposal: {
        action,
        service,
        region: REGION,
        parameters: { image_digest },
        bounds: { max_replicas: MAX_REPLICAS },
        evidence: [attestation(builder, repositoryOf(service), image_digest)],
      },
      operation: {
        action,
        resource: `service:${service}/region:${REGION}`,
        parameters: { image_digest, replicas: MAX_REPLICAS },
      },
    };
  });
}

function expect(answer, status, what) {
  if (answer.status === status) return answer.body;
  const { code, detail, facts } = answer.body;
  throw new Error(`${what}: ${answer.status} ${code} ${detail} ${JSON.stringify(facts ?? {})}`);
}

/** Observes and asks; answers the certificate and what both took, in milliseconds. */
export async function certify(side, client, worker, { proposal }) {
  const { action, service, region } = proposal;
  const began = performance.now();
  const seen = await client.post(`${side.broker}/v1/observations`, { action, service, region }, worker.key);
  const { observation } = expect(seen, 200, "observation");
  const observed = performance.now();
  const headers = { "idempotency-key": randomBytes(18).toString("base64url") };
  const asked = await client.post(`${side.signer}/v1/certificates`, { ...proposal, observation }, worker.key, {
    headers,
  });
  const { certificate } = expect(asked, 201, "certificate");
  return { certificate, observe: observed - began, request: performance.now() - observed };
}

/** The whole change: `{observe, request, execute, total}` in milliseconds. */
export async function change(side, client, worker, turn) {
  const next = worker.proposals[turn % worker.proposals.length];
  const { certificate, observe, request } = await certify(side, client, worker, next);
  const began = performance.now();
  const done = await client.post(`${side.broker}/v1/executions`, next.operation, worker.key, { certificate });
  const { state } = expect(done, 200, "execution");
  if (state !== "executed") throw new Error(`execution: ${state}`);
  const execute = performance.now() - began;
  return { observe, request, execute, total: observe + request + execute };
}

/** A verification of a certificate that is kept as long as it lives: `{total}` in milliseconds. */
export async function verification(side, client, worker) {
  worker.kept ??= new Map();
  const [next] = worker.proposals;
  let kept = worker.kept.get(side.name);
  if (kept === undefined || performance.now() > kept.untilMs) {
    const { certificate } = await certify(side, client, worker, next);
    kept = { certificate, untilMs: performance.now() + KEPT_MS };
    worker.kept.set(side.name, kept);
  }
  const began = performance.now();
  const body = { operation: next.operation };
  const answer = await client.post(`${side.broker}/v1/verifications`, body, worker.key, {
    certificate: kept.certificate,
  });
  const { verdict, code } = expect(answer, 200, "verification");
  if (verdict !== "would_execute") throw new Error(`verification: ${verdict} ${code}`);
  return { total: performance.now() - began };
}

// Asks a signer for certificates as fast as it issues them, by agents of different keys at once.
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "../bench/wire.mjs";

/** An observation may be 60 s old when a certificate is asked for. */
const OBSERVATION_KEPT_MS = 30_000;

/** How often all agents together may be told to try again, per certificate: a busy store answers late, a broken one never. */
const RETRIES_PER_CERTIFICATE = 0.05;
const RETRY_AFTER_MS = 200;
/** So many certificates in a row give the fastest rate. */
const STRETCH = 1000;

class Refused extends Error {
  constructor({ status, body: { code, detail, facts } }, what) {
    super(`${what}: ${status} ${code} ${detail} ${JSON.stringify(facts ?? {})}`);
    // A service that cannot answer now says 503; any other refusal would be the same again.
    this.passing = status === 503;
  }
}

function expectStatus(answer, status, what) {
  if (answer.status !== status) throw new Refused(answer, what);
  return answer.body;
}

/** Certificates per second of the fastest stretch, by the times at which they came, in milliseconds; undefined when there are too few. */
function peakOf(times) {
  const stretches = times.slice(STRETCH).map((time, at) => time - times[at]);
  return stretches.length === 0 ? undefined : (STRETCH * 1000) / Math.min(...stretches);
}

/** The worker's observation, taken again when it is too old. */
async function observe(client, urls, worker, { action, service, region }) {
  if (worker.seen !== undefined && performance.now() < worker.seen.untilMs) return worker.seen.observation;
  const untilMs = performance.now() + OBSERVATION_KEPT_MS;
  const answer = await client.post(`${urls.broker}/v1/observations`, { action, service, region }, worker.key);
  const { observation } = expectStatus(answer, 200, "observation");
  worker.seen = { observation, untilMs };
  return observation;
}

/**
 * Asks until `certificates` were issued, the signer has ended, or a request failed for good.
 * @param {{urls, workers, certificates: number, ended: () => boolean, onIssued: (count: number) => void}} load
 * @returns how many were issued, in how many milliseconds, the rate of the fastest stretch, how many requests were made again after a 503,
 *   and the first failure.
 */
export async function askForCertificates({ urls, workers, certificates, ended, onIssued }) {
  const client = createClient();
  const began = performance.now();
  const ids = new Set();
  const times = [];
  let begun = 0;
  let retried = 0;
  let failure;

  async function ask(worker) {
    const { proposal } = worker.proposals[0];
    const body = { ...proposal, observation: await observe(client, urls, worker, proposal) };
    const headers = { "idempotency-key": randomBytes(18).toString("base64url") };
    const answer = await client.post(`${urls.signer}/v1/certificates`, body, worker.key, { headers });
    ids.add(expectStatus(answer, 201, "certificate").cert_id);
    times.push(performance.now());
    onIssued(ids.size);
  }
  const goesOn = () => !ended() && failure === undefined;
  async function askUntilIssued(worker) {
    while (goesOn()) {
      try {
        return await ask(worker);
      } catch (error) {
        if (error.passing !== true || retried >= certificates * RETRIES_PER_CERTIFICATE) failure ??= error;
        else retried += 1;
      }
      await sleep(RETRY_AFTER_MS);
    }
  }
  async function work(worker) {
    while (begun < certificates && goesOn()) {
      begun += 1;
      await askUntilIssued(worker);
    }
  }
  await Promise.all(workers.map(work));
  client.close();
  return { issued: ids.size, elapsedMs: performance.now() - began, peakPerSecond: peakOf(times), retried, failure };
}

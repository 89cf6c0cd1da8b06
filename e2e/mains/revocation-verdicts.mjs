// `revocation-verdicts.mjs REDIS_URL FOLDER`: what each part of the build says of a certificate under a view. Reads questions as JSON lines from standard
// input, answers a JSON line each. The parts are the build's own; around them stands only what they need to get to their question.

import { createInterface } from "node:readline";
import { setImmediate } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const [url, folder] = process.argv.slice(2);
const part = (path) => import(pathToFileURL(`${process.env.SEB_ROOT}/${path}`).href);
const { openRedisStore } = await part("packages/authority/dist/redis/index.js");
const { openEmbeddedStore } = await part("packages/authority/dist/embedded/index.js");
const { checkCaller } = await part("packages/agents/dist/index.js");
const { createGuard } = await part("apps/broker/dist/execution/guard.js");
const { startRecalling } = await part("apps/broker/dist/execution/recall.js");
const { enter } = await part("apps/signer/dist/issuance/enter.js");
const { grant } = await part("apps/signer/dist/issuance/grant.js");

const ok = (value) => ({ ok: true, value });
const need = (result) => {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
};
const verdict = (result) => (result.ok ? "ok" : result.error.code);
const stores = { redis: need(await openRedisStore({ url })), embedded: need(await openEmbeddedStore({ folder })) };
const clock = { nowMs: () => 0, monotonicMs: () => 0 };
const NOW_MS = 1_700_000_000_000;

function askOf(claims, keys, pin) {
  const { jti: cert_id, sub: subject, bundle, action, resource, policy, epochs } = claims;
  const request = { action, resource, parameters: {} };
  const held = { cert_id, certificate: "a.b.c", request, op: `sha256:${"0".repeat(64)}` };
  return {
    ...{ pin, cert_id, subject, keys, bundle, action, resource, exp: NOW_MS / 1000 + 90, once: [], ceilings: [] },
    policies: [policy.id],
    epochs: { ...epochs, policy: { id: policy.id, epoch: policy.epoch } },
    entry: { ...held, broker: "broker-1", boot: 1, life_ms: 1000 },
  };
}

/** A store decides by its own peek; what is asked of it without a certificate is asked in the name of one that nothing names. */
async function storeVerdicts({ writer, admission }, view, { claims, signerKid, granted, caller }) {
  const run_id = need(await writer.runId());
  need(await writer.write({ ...view, run_id }));
  const pin = { run_id, generation: view.generation, min_seq: view.seq, now_ms: NOW_MS };
  const peek = async (of, keys) => verdict(await admission.peek(askOf(of, keys, pin)));
  return {
    certificate: await peek(claims, [claims.cnf.jkt, signerKid]),
    granted: await peek(granted, [claims.cnf.jkt, signerKid]),
    caller: await peek(caller, [claims.cnf.jkt]),
  };
}

function running(claims, signerKid) {
  const connector = { recall: async () => ok(undefined), fence: async () => ok(undefined) };
  return { claims, signerKid, connector, fence: 1, takeSeq: 1, recalled: undefined, sent: false };
}

async function guardVerdict(view, { claims, signerKid }) {
  const status = { pin: () => ok({ run_id: view.run_id, generation: view.generation }) };
  const broker = { clock, status, store: { holds: async () => ok(true) }, view: { read: async () => ok(view) } };
  return verdict(await createGuard(broker, running(claims, signerKid)).check());
}

async function recallVerdict(view, { claims, signerKid }) {
  const it = running(claims, signerKid);
  const receivers = [];
  const recorded = [];
  startRecalling({
    running: { all: () => [it] },
    status: { onChange: (receive) => void receivers.push(receive) },
    view: { read: async () => ok(view) },
    chain: { append: async (_kind, body) => ok(recorded.push(body.code)) },
    log: { error: (about, message) => recorded.push(`${message}: ${about.err}`) },
  });
  for (const receive of receivers) receive();
  for (let turns = 0; turns < 3; turns++) await setImmediate();
  if (recorded.length > 1 || recorded[0] !== it.recalled?.code) return `recorded ${recorded.join()}`;
  return it.recalled?.code ?? "ok";
}

function signerOf(view, claims, signerKid) {
  const { seq, run_id, generation, epochs } = view;
  return {
    clock,
    config: { issuer: "signer:dev", max_ttl_seconds: 90 },
    key: { kid: signerKid },
    random: (count) => new Uint8Array(count),
    status: { current: () => ok({ seq, run_id, generation, epochs }) },
    view: { read: async () => ok(view) },
    locks: { take: async () => () => undefined },
    journal: {
      broken: () => undefined,
      state: { keyUse: () => ({ kind: "issued", entry: { op: "op", request: "r_1", claims } }) },
    },
  };
}

async function handedOutAgain(view, { claims, signerKid }) {
  const asked = { idempotencyKey: "k".repeat(16), op: "op", body: { evidence: [] } };
  const entitled = { agent: { subject: claims.sub }, jkt: claims.cnf.jkt, word: { view, status: view } };
  const progress = { about: {}, release: [] };
  return verdict(await enter(signerOf(view, claims, signerKid), asked, entitled, progress, AbortSignal.timeout(1000)));
}

async function grantVerdict(view, { claims, signerKid }) {
  const bundle = { digest: claims.bundle, thresholds: { certificate_ttl_seconds: [90, 90, 90, 90] } };
  const it = {
    asked: { body: { action: claims.action, evidence: [] } },
    entitled: {
      control: { bundle },
      agent: { subject: claims.sub },
      jkt: claims.cnf.jkt,
      word: { view, status: view },
    },
    plan: { grant: { resource: claims.resource, scope: {}, audience: "broker:dev" }, contract: {}, mode: "enforce" },
    evidence: { facts: {}, reasons: [], details: {} },
    tier: 1,
  };
  const permitted = { policies: [claims.policy.id, ...claims.policy.also], approvals: [], input: {}, pending: null };
  return verdict(await grant(signerOf(view, claims, signerKid), it, permitted));
}

for await (const line of createInterface({ input: process.stdin })) {
  const { view, ...question } = JSON.parse(line);
  const { claims } = question;
  const stored = {};
  for (const [name, store] of Object.entries(stores)) stored[name] = await storeVerdicts(store, view, question);
  const read = need(await stores.redis.reader.read());
  const caller = { subject: claims.sub, jkt: claims.cnf.jkt, bundle: claims.bundle };
  const verdicts = {
    certificate: {
      redis: stored.redis.certificate,
      embedded: stored.embedded.certificate,
      guard: await guardVerdict(read, question),
      recall: await recallVerdict(read, question),
      "signer, handing out again": await handedOutAgain(read, question),
    },
    granted: {
      redis: stored.redis.granted,
      embedded: stored.embedded.granted,
      "signer, before it signs": await grantVerdict(read, question),
    },
    caller: {
      redis: stored.redis.caller,
      embedded: stored.embedded.caller,
      reader: verdict(checkCaller(read, caller)),
    },
  };
  process.stdout.write(`${JSON.stringify(verdicts)}\n`);
}

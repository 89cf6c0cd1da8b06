// The floor: what the guarantees cost at least. The same three requests as the product takes, and for each the operations that no design
// with these guarantees can leave out (see docs/adr), with bare node:http, node:crypto, node:fs and git. It checks nothing else.
//   node main.mjs <config.json>; prints {"ready":true,"url":...}
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { jws, newKey } from "../wire.mjs";
import { openFiles, openLog } from "./durable.mjs";
import { openRepository } from "./git.mjs";
import { importKey, open, openEnvelope, sha256 } from "./jws.mjs";
import { openCluster } from "./kube.mjs";

const config = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { folder } = config;
const agents = new Map(config.agents.map((jwk) => [jwk.x, importKey(jwk)]));
const builder = importKey(config.builder);
const target = config.cluster ? openCluster(config.cluster) : await openRepository(join(folder, "git"), config.url);
const [observations, certificates, records] = [newKey(), newKey(), newKey()];
const publicKey = (key) => importKey(key.publicJwk);
const trusted = { observation: publicKey(observations), certificate: publicKey(certificates) };
const evidence = await openFiles(join(folder, "evidence"));
const logs = Object.fromEntries(
  await Promise.all(["signer", "broker", "store"].map(async (name) => [name, await openLog(join(folder, name))])),
);
const [used, proofs] = [new Set(), new Set()];

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const newId = () => `c_${[...randomBytes(26)].map((byte) => ALPHABET[byte % 32]).join("")}`;
const now = () => Math.floor(Date.now() / 1000);

/** One signed and durable record. */
function record(log, kind, body) {
  return log.append(jws({ alg: "Ed25519", typ: "record" }, { kind, at: Date.now(), body }, records.privateKey));
}

function proved(request, certificate) {
  const opened = open(request.headers.dpop, ({ jwk }) => agents.get(jwk.x));
  if (opened === undefined || proofs.has(opened.claims.jti)) throw new Error("proof");
  if (certificate !== undefined && opened.claims.ath !== sha256(certificate)) throw new Error("proof of another token");
  proofs.add(opened.claims.jti);
  return opened;
}

async function observe(request, { service }) {
  proved(request);
  const claims = { iat: now(), service, seen: await target.observe(service) };
  return { observation: jws({ alg: "Ed25519", typ: "observation" }, claims, observations.privateKey) };
}

async function certify(request, body) {
  const { header } = proved(request);
  const observation = open(body.observation, () => trusted.observation);
  const statement = openEnvelope(body.evidence[0].envelope, builder);
  if (observation === undefined || statement === undefined) throw new Error("evidence");
  const id = newId();
  await evidence.put(id, JSON.stringify({ ...body, statement }));
  const { service, parameters, bounds } = body;
  const { seen } = observation.claims;
  const claims = { jti: id, iat: now(), exp: now() + 90, service, parameters, bounds, seen, jkt: header.jwk.x };
  await record(logs.signer, "issued", claims);
  const certificate = jws({ alg: "Ed25519", typ: "certificate" }, claims, certificates.privateKey);
  if (open(certificate, () => trusted.certificate) === undefined) throw new Error("own signature");
  return { certificate };
}

async function checked(request) {
  const certificate = request.headers.authorization.slice("DPoP ".length);
  const opened = open(certificate, () => trusted.certificate);
  const { claims } = opened ?? {};
  if (claims === undefined || claims.exp < now() || used.has(claims.jti)) throw new Error("certificate");
  const { header } = proved(request, certificate);
  if (header.jwk.x !== claims.jkt) throw new Error("another key");
  const seen = await target.unchanged(claims.seen);
  if (seen === undefined) throw new Error("drift");
  return { claims, seen };
}

async function execute(request, { parameters }) {
  const { claims, seen } = await checked(request);
  used.add(claims.jti);
  await logs.store.append(JSON.stringify({ take: claims.jti }));
  await record(logs.broker, "decision", claims);
  const image = `registry.example/${claims.service}@${claims.parameters.image_digest}`;
  const done = await target.change(claims.jti, seen, { image, replicas: parameters.replicas });
  await record(logs.broker, "outcome", { id: claims.jti, done });
  await target.withdraw(claims.jti);
  await logs.store.append(JSON.stringify({ close: claims.jti }));
  return { state: done ? "executed" : "not_executed" };
}

async function verify(request) {
  const { claims } = await checked(request);
  await record(logs.broker, "verification", { id: claims.jti });
  return { verdict: "would_execute" };
}

const routes = {
  "/v1/observations": observe,
  "/v1/certificates": certify,
  "/v1/executions": execute,
  "/v1/verifications": verify,
};

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", async () => {
    let answer;
    try {
      answer = await routes[request.url](request, JSON.parse(Buffer.concat(chunks).toString()));
      response.statusCode = request.url === "/v1/certificates" ? 201 : 200;
    } catch (error) {
      response.statusCode = 403;
      answer = { code: "floor", detail: error.message };
    }
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer));
  });
});
server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ ready: true, url: `http://127.0.0.1:${server.address().port}` }));
});
process.on("SIGTERM", () => process.exit(0));

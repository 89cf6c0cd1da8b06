import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { spawnProcess, tempDir } from "@seb/testkit";
import { digest, loadKey, proof } from "./tokens.mjs";

const READY_TIMEOUT_MS = 60_000;
/** Materials live for a minute or more; they are made anew well before that. */
const RENEW_MS = 25_000;

/** Starts the embedded environment in a folder of its own and gets what valid requests need. */
export async function startEnvironment(root) {
  const place = await tempDir("seb-fuzz-");
  const seb = join(place.path, ".seb");
  mkdirSync(join(place.path, "home"));
  const env = { PATH: process.env.PATH, HOME: join(place.path, "home") };
  const main = spawnProcess({
    command: process.execPath,
    args: [join(root, "apps", "dev", "dist", "main.js"), "--folder", seb, "--json"],
    env,
    cwd: place.path,
  });
  const [line] = await main.waitForLine(/^\{"ready":true.*$/, READY_TIMEOUT_MS);
  const { urls } = JSON.parse(line);
  const keyFile = (name) => loadKey(JSON.parse(readFileSync(join(seb, "keys", `${name}.json`), "utf8")));
  const stranger = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const materials = {
    urls,
    keys: {
      agent: keyFile("agent"),
      operator: keyFile("operator-alice"),
      stranger: loadKey({ name: "stranger", jwk: stranger }),
    },
    image: `sha256:${createHash("sha256").update("checkout build 3").digest("hex")}`,
    attestation: readFileSync(join(seb, "attestations", "checkout.json")).toString("base64url"),
    observation: "",
    certificate: "",
  };
  await renew(materials);
  const renewing = setInterval(() => void renew(materials).catch(() => undefined), RENEW_MS);
  return {
    materials,
    main,
    seb,
    env,
    head: () =>
      execFileSync("git", [`--git-dir=${join(seb, "gitops.git")}`, "rev-parse", "main"], { encoding: "utf8" }).trim(),
    async stop() {
      clearInterval(renewing);
      return main.stop("SIGTERM", 20_000);
    },
    cleanup: () => place.cleanup(),
  };
}

async function post(materials, service, path, body, headers = {}) {
  const url = `${materials.urls[service]}${path}`;
  const jti = createHash("sha256").update(`${path}${performance.now()}${Math.random()}`).digest("base64url");
  const dpop = proof(materials.keys.agent, { method: "POST", url, jti, op: digest("seb-op-v1", body) });
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", dpop, ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json(), jti };
}

/** A fresh observation and a fresh certificate, of which the second can never execute. */
async function renew(materials) {
  const where = { action: "deploy", service: "checkout", region: "us-east-1" };
  const observed = await post(materials, "broker", "/v1/observations", where);
  if (observed.status !== 200) throw new Error(`no observation: ${JSON.stringify(observed.body)}`);
  const proposal = {
    ...where,
    parameters: { image_digest: materials.image },
    bounds: { max_replicas: 12 },
    evidence: [{ type: "attestation", envelope: materials.attestation }],
    observation: observed.body.observation,
    mode: "shadow",
  };
  const asked = await post(materials, "signer", "/v1/certificates", proposal, { "idempotency-key": observed.jti });
  if (asked.status !== 201) throw new Error(`no certificate: ${JSON.stringify(asked.body)}`);
  materials.observation = observed.body.observation;
  materials.certificate = asked.body.certificate;
}

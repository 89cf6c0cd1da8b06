#!/usr/bin/env node
// The three commands of kubectl that the walk needs, for machines without it. The server is the one that `npm run servers` started.
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { parseAllDocuments } from "yaml";

const USAGE = `usage: kube.mjs apply < manifests.yaml
       kube.mjs get PATH
       kube.mjs token NAMESPACE NAME [SECONDS]
SEB_KUBE_URL, SEB_KUBE_CA_FILE and SEB_KUBE_TOKEN_FILE say where and as whom; npm run servers prints them.
apply is kubectl apply --server-side; get prints the answer of a plain GET; token prints a new token of an account.
Exit codes: 0 done   1 the server refused   2 wrong use   3 could not ask`;

/** Kinds that were defined a moment ago are served a moment later. */
const SERVED_WITHIN_MS = 15_000;
const DAY_SECONDS = 86_400;

class Refused extends Error {}

function settings() {
  const read = (name) => {
    const value = process.env[name];
    if (value === undefined || value === "") throw new TypeError(`${name} is not set`);
    return value;
  };
  const token = readFileSync(read("SEB_KUBE_TOKEN_FILE"), "utf8").trim();
  return { url: read("SEB_KUBE_URL"), ca: readFileSync(read("SEB_KUBE_CA_FILE")), token };
}

function call({ url, ca, token }, method, path, body, type = "application/json") {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": type };
    const sent = request(`${url}${path}`, { method, ca, headers, timeout: 10_000 }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
    });
    sent.once("timeout", () => sent.destroy(new Error("no answer within 10 s")));
    sent.once("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function must(server, ...args) {
  const { status, text } = await call(server, ...args);
  if (status >= 300) throw new Refused(`${args[0]} ${args[1]}: ${status} ${text}`);
  return JSON.parse(text);
}

/** Where objects of a kind live, as the server itself names it; waits for what was defined a moment ago. */
async function collectionOf(server, { apiVersion, kind, metadata }) {
  const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  for (const end = performance.now() + SERVED_WITHIN_MS; ; ) {
    const { status, text } = await call(server, "GET", base);
    const known = status === 200 ? JSON.parse(text).resources : [];
    const found = known.find((resource) => resource.kind === kind && !resource.name.includes("/"));
    const namespace = found?.namespaced ? `/namespaces/${metadata.namespace ?? "default"}` : "";
    const path = `${base}${namespace}/${found?.name}`;
    if (found !== undefined && (await call(server, "GET", `${path}?limit=1`)).status === 200) return path;
    if (performance.now() > end) throw new Refused(`the server knows no ${kind} of ${apiVersion}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function apply(server) {
  const documents = parseAllDocuments(readFileSync(0, "utf8")).map((document) => document.toJS());
  for (const manifest of documents.filter((one) => one !== null)) {
    const { kind, metadata } = manifest;
    const path = `${await collectionOf(server, manifest)}/${encodeURIComponent(metadata.name)}`;
    await must(server, "PATCH", `${path}?fieldManager=installer&force=true`, manifest, "application/apply-patch+yaml");
    if (kind === "ResourceQuota") await count(server, path, manifest.spec.hard);
    console.log(`${kind} ${metadata.name} applied`);
  }
}

/** A quota that nobody counted refuses everything, and the server alone has no controllers: this counts once, in their place. */
async function count(server, path, hard) {
  const used = Object.fromEntries(Object.keys(hard).map((name) => [name, "0"]));
  await must(server, "PATCH", `${path}/status`, { status: { hard, used } }, "application/merge-patch+json");
}

async function token(server, namespace, name, seconds = `${DAY_SECONDS}`) {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const made = await must(server, "POST", path, { spec: { expirationSeconds: Number(seconds) } });
  process.stdout.write(made.status.token);
}

const commands = {
  apply,
  token,
  get: async (server, path) => console.log(JSON.stringify(await must(server, "GET", path), undefined, 1)),
};
const [name, ...args] = process.argv.slice(2);
const wanted = { apply: [0, 0], get: [1, 1], token: [2, 3] }[name ?? ""];
if (wanted === undefined || args.length < wanted[0] || args.length > wanted[1]) {
  console.error(USAGE);
  process.exit(name === "--help" ? 0 : 2);
}
try {
  await commands[name](settings(), ...args);
} catch (error) {
  console.error(`kube.mjs: ${error.message}`);
  process.exitCode = error instanceof Refused ? 1 : error instanceof TypeError ? 2 : 3;
}

// A real kube-apiserver as `seb infra render` leaves it, with one Deployment per service.
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { promisify } from "node:util";
import { leftOut, startKube } from "@seb/testkit";
import { stringify } from "yaml";
import { NAMESPACE, repositoryOf } from "./world.mjs";

const INSTALLER = { token: "installer-token", user: "installer", groups: ["system:masters", "seb-installers"] };
const EXECUTIONS = "seb-executions";
const SERVED_WITHIN_MS = 15_000;
const TARGET = "cluster";

/** Why there is no cluster on this machine; undefined when one can be started. */
export const whyNoCluster = () => leftOut(["etcd", "kube-apiserver"]);

function caller(kube) {
  const call = (method, path, body) =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? "" : JSON.stringify(body);
      const headers = {
        authorization: `Bearer ${INSTALLER.token}`,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(payload),
      };
      const sent = request(`${kube.url}${path}`, { method, ca: kube.ca, headers }, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
      });
      sent.on("error", reject);
      sent.end(payload);
    });
  /** Also waits for kinds that were defined a moment ago. */
  return async function must(method, path, body) {
    for (const end = performance.now() + SERVED_WITHIN_MS; ; ) {
      const { status, text } = await call(method, path, body);
      if (status < 300) return JSON.parse(text);
      if (status !== 404 || performance.now() > end) throw new Error(`${method} ${path}: ${status} ${text}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
}

const deployment = (name) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    replicas: 10,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "app", image: `${repositoryOf(name)}@sha256:${"0".repeat(64)}` }] },
    },
  },
});

/** What `seb infra render` prints for the world's catalogue. */
async function rendered(root, seb, folder) {
  const args = ["infra", "render", "--target", TARGET, "--token-file", join(folder, "installer"), "--json"];
  const env = { PATH: process.env.PATH, HOME: folder, SEB_FOLDER: seb };
  const options = { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 };
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, "apps/seb/bin/seb.js"), ...args], options);
  return JSON.parse(stdout).manifests;
}

/** Path of the collection that takes a manifest, as the server itself names it. */
async function collectionOf(must, { apiVersion, kind, metadata }) {
  const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const { resources } = await must("GET", base);
  const { name } = resources.find((resource) => resource.kind === kind && !resource.name.includes("/"));
  return `${base}${metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`}/${name}`;
}

/** Starts the cluster and brings in what the world's catalogue needs. Writes `targets.yaml` into `seb`. */
export async function startCluster(root, seb, folder, { workers }) {
  const kube = await startKube({ audit: false, tokens: [INSTALLER] });
  try {
    const must = caller(kube);
    const token = join(folder, "broker-token");
    writeFileSync(join(folder, "installer"), INSTALLER.token, { mode: 0o600 });
    const cluster = { connector: "kubernetes", server: kube.url, ca_file: kube.caFile, token_file: token };
    const gitops = {
      connector: "git",
      url: join(seb, "gitops.git"),
      branch: "main",
      author_name: "SEB broker",
      author_email: "broker@seb.invalid",
    };
    writeFileSync(join(seb, "targets.yaml"), stringify({ ver: 1, targets: { gitops, [TARGET]: cluster } }));

    await must("POST", "/api/v1/namespaces", { metadata: { name: NAMESPACE } });
    const deployments = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`;
    for (const { service } of workers) await must("POST", deployments, deployment(service));
    for (const manifest of await rendered(root, seb, folder)) {
      // No controller runs here that would count a quota down again.
      if (manifest.kind === "ResourceQuota" || manifest.metadata.name === NAMESPACE) continue;
      await must("POST", await collectionOf(must, manifest), manifest);
    }
    const spec = { audiences: ["https://kubernetes.default.svc"], expirationSeconds: 86_400 };
    const made = await must("POST", "/api/v1/namespaces/seb-system/serviceaccounts/broker/token", { spec });
    writeFileSync(token, made.status.token, { mode: 0o600 });
    const access = {
      url: kube.url,
      caFile: kube.caFile,
      tokenFile: token,
      namespace: NAMESPACE,
      executions: EXECUTIONS,
    };
    return { access, stop: () => kube.dispose() };
  } catch (error) {
    await kube.dispose();
    throw error;
  }
}

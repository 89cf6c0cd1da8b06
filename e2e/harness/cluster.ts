import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningKube, runCommand, startKube } from "@seb/testkit";
import type { Answer } from "./agent.js";
import { BIN } from "./build.js";
import { APPLY, at, type KubeAnswer, type KubeCall, kubeCaller, listAt } from "./cluster-calls.js";
import { startTap, type Tap } from "./cluster-tap.js";
import { bringIn, type Change, NAMESPACE, objectsOf, TARGET } from "./cluster-world.js";
import { type Environment, until } from "./environment.js";
import { startRealEnvironment } from "./real-environment.js";

const INSTALLER = { token: "installer-token", user: "installer", groups: ["system:masters", "seb-installers"] };
/** Somebody else who may write: a member of system:masters, as a cluster's own people are. */
const STRANGER = { token: "stranger-token", user: "stranger", groups: ["system:masters"] };
export const EXECUTIONS = "seb-executions";
export const SYSTEM = "seb-system";
export const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const BUSY_MS = 15_000;
const QUOTA = `/api/v1/namespaces/${EXECUTIONS}/resourcequotas/seb-executions`;

/** One event of the API server's audit log, at level Metadata. */
export interface AuditEvent {
  readonly auditID: string;
  readonly verb: string;
  readonly user: { readonly username: string; readonly extra?: Readonly<Record<string, readonly string[]>> };
  readonly objectRef?: {
    readonly resource: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code: number };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A cluster as `seb infra render` leaves it, with three services beside it that change it. */
export interface ClusterWorld {
  readonly world: Environment;
  readonly kube: RunningKube;
  /** The wire between broker and API server. */
  readonly tap: Tap;
  /** The token that the broker's process shows. */
  readonly brokerToken: string;
  readonly installer: string;
  readonly stranger: string;
  readonly call: KubeCall;
  /** As the installer. @throws unless the server says yes. */
  must(method: string, path: string, body?: unknown, type?: string): Promise<Record<string, unknown>>;
  /** A token of an account, made if need be. */
  tokenOf(namespace: string, name: string): Promise<string>;
  /** `seb infra render` with this `protect.yaml`, applied as `kubectl apply --server-side` does. */
  install(protect?: string): Promise<void>;
  /** Findings of `seb infra check`, and its exit code. */
  check(protect?: string): Promise<{ readonly code: number | null; readonly findings: readonly unknown[] }>;
  certify(change: Change): Promise<string>;
  /** Observes, asks, executes: the whole way of an agent. */
  carryOut(change: Change): Promise<Answer>;
  audit(): readonly AuditEvent[];
  /** What the quota controller does, which does not run here: counts accounts anew. */
  recount(): Promise<void>;
  cleanup(): Promise<void>;
}

export interface ClusterOptions {
  readonly services: readonly string[];
  /** Text of a `protect.yaml`. */
  readonly protect?: string;
}

/** Path of the collection that takes a manifest, as the server itself names it. Waits for kinds that were defined a moment ago. */
async function collectionOf(call: KubeCall, manifest: Record<string, unknown>): Promise<string> {
  const apiVersion = String(manifest.apiVersion);
  const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  let plural: unknown;
  await until(`the server serves ${manifest.kind}`, async () => {
    const { body } = await call(INSTALLER.token, "GET", base);
    const kinds = listAt(body, "resources").filter((one) => at(one, "kind") === manifest.kind);
    plural = kinds.map((one) => at(one, "name")).find((name) => !String(name).includes("/"));
    if (plural === undefined) return false;
    return (await call(INSTALLER.token, "GET", `${base}/${plural}?limit=1`)).status === 200;
  });
  const namespace = at(manifest, "metadata", "namespace");
  return `${base}${namespace === undefined ? "" : `/namespaces/${namespace}`}/${plural}`;
}

/** Starts a cluster, brings in what `seb infra render` prints, and starts three services whose broker reaches it through the tap. */
export async function startCluster({ services, protect }: ClusterOptions): Promise<ClusterWorld> {
  const kube = await startKube({ tokens: [INSTALLER, STRANGER] });
  const { call, close } = kubeCaller(kube.url, kube.ca);
  let tap: Tap | undefined;
  const parts = { kube, call };
  try {
    tap = await startTap(join(kube.dataDir, "..", "tap"), kube);
    const opened = tap;
    const steps = installerSteps(parts, opened);
    const world = await startRealEnvironment({
      prepare: (place) => steps.prepare(place, services, protect),
    });
    return {
      ...steps.of(world),
      world,
      kube,
      tap: opened,
      call,
      async cleanup() {
        await world.cleanup();
        await opened.close();
        close();
        await kube.dispose();
      },
    };
  } catch (error) {
    await tap?.close();
    close();
    await kube.dispose();
    throw error;
  }
}

function installerSteps({ kube, call }: { readonly kube: RunningKube; readonly call: KubeCall }, tap: Tap) {
  const must: ClusterWorld["must"] = async (method, path, body, type) => {
    for (const end = performance.now() + BUSY_MS; ; ) {
      const { status, body: answer } = await call(INSTALLER.token, method, path, body, type);
      if (status < 300) return answer;
      // A kind that was defined a moment ago is served, and then not for a moment.
      if (status !== 429 || performance.now() > end) throw new Error(`${method} ${path}: ${status} ${answer.message}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  async function tokenOf(namespace: string, name: string): Promise<string> {
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    await call(INSTALLER.token, "POST", accounts, { metadata: { name } });
    const spec = { audiences: ["https://kubernetes.default.svc"], expirationSeconds: 7200 };
    return String(at(await must("POST", `${accounts}/${name}/token`, { spec }), "status", "token"));
  }

  /** `seb infra render|check` with an installer's token. */
  async function infra(folder: string, command: "render" | "check", protect: string | undefined) {
    const file = join(folder, "protect.yaml");
    if (protect !== undefined) writeFileSync(file, protect);
    const more = protect === undefined ? [] : ["--protect", file];
    const args = ["infra", command, "--target", TARGET, "--token-file", join(folder, "installer"), ...more, "--json"];
    const env = { PATH: process.env.PATH, HOME: join(folder, "home"), SEB_FOLDER: join(folder, ".seb") };
    return runCommand({ command: process.execPath, args: [BIN.seb, ...args], env, cwd: folder, timeoutMs: 60_000 });
  }

  async function install(folder: string, protect: string | undefined): Promise<void> {
    const ran = await infra(folder, "render", protect);
    if (ran.code !== 0) throw new Error(`seb infra render: exit ${ran.code}\n${ran.stderr}${ran.stdout}`);
    const manifests: Record<string, unknown>[] = JSON.parse(ran.stdout).manifests;
    for (const manifest of manifests) {
      const name = encodeURIComponent(String(at(manifest, "metadata", "name")));
      const path = `${await collectionOf(call, manifest)}/${name}?fieldManager=installer&force=true`;
      await must("PATCH", path, manifest, APPLY);
    }
  }

  async function recount(): Promise<void> {
    const quota = await must("GET", QUOTA);
    const hard = at(quota, "spec", "hard") as Record<string, string>;
    const listed = await must("GET", `/api/v1/namespaces/${EXECUTIONS}/serviceaccounts`);
    const used = { ...Object.fromEntries(Object.keys(hard).map((key) => [key, "0"])) };
    used["count/serviceaccounts"] = String(listAt(listed, "items").length);
    // Admission counts in the same place: a lost race is tried again.
    const path = `${QUOTA}/status`;
    const set = { status: { hard, used } };
    await must("PATCH", path, set, "application/merge-patch+json");
  }

  /** A new policy bites after up to a second; one that is applied last stands for the others. */
  async function untilPoliciesBite(): Promise<void> {
    const masters = { "impersonate-user": "probe", "impersonate-group": "system:masters" };
    const isRefused = async (method: string, path: string, body: unknown, headers: Record<string, string>) =>
      (await call(INSTALLER.token, method, `${path}?dryRun=All`, body, undefined, headers)).status === 403;
    await until("policies bite", () => isRefused("DELETE", `/api/v1/namespaces/${SYSTEM}`, undefined, masters));
    const among = `/api/v1/namespaces/${EXECUTIONS}/configmaps`;
    await until("the executions are closed", () => isRefused("POST", among, { metadata: { name: "probe" } }, {}));
  }

  async function prepare(
    { folder, seb }: { readonly folder: string; readonly seb: string },
    services: readonly string[],
    protect: string | undefined,
  ): Promise<void> {
    const token = join(folder, "broker-token");
    writeFileSync(join(folder, "installer"), INSTALLER.token, { mode: 0o600 });
    bringIn(seb, services, { connector: "kubernetes", server: tap.url, ca_file: tap.caFile, token_file: token });
    await must("POST", "/api/v1/namespaces", { metadata: { name: NAMESPACE } });
    for (const service of services)
      for (const [path, body] of Object.entries(objectsOf(service)))
        await must("POST", path.slice(0, path.lastIndexOf("/")), body);
    await install(folder, protect);
    await recount();
    await untilPoliciesBite();
    writeFileSync(token, await tokenOf(SYSTEM, "broker"), { mode: 0o600 });
  }

  const of = (world: Environment) => {
    async function certify({ proposal }: Change): Promise<string> {
      const answer = await world.agent.request(proposal);
      if (answer.status !== 201) throw new Error(`no certificate: ${answer.status} ${JSON.stringify(answer.body)}`);
      return String(answer.body.certificate);
    }
    return {
      brokerToken: readFileSync(join(world.folder, "broker-token"), "utf8"),
      installer: INSTALLER.token,
      stranger: STRANGER.token,
      must,
      tokenOf,
      recount,
      certify,
      install: (protect?: string) => install(world.folder, protect),
      async check(protect?: string) {
        const ran = await infra(world.folder, "check", protect);
        return { code: ran.code, findings: JSON.parse(ran.stdout).findings ?? [] };
      },
      carryOut: async (change: Change) => world.agent.execute(await certify(change), change.operation),
      audit: () =>
        readFileSync(kube.auditLogPath ?? "", "utf8")
          .split("\n")
          .filter((line) => line !== "")
          .map((line): AuditEvent => JSON.parse(line)),
    };
  };
  return { prepare, of };
}

/** Everything of an object that a certificate or anybody else could have changed. */
export async function stateOf(cluster: Pick<ClusterWorld, "must">, path: string): Promise<string> {
  const { metadata, status: _, ...rest } = await cluster.must("GET", path);
  const { managedFields: __, resourceVersion: ___, ...kept } = metadata as Record<string, unknown>;
  return JSON.stringify([rest, kept]);
}

export type { KubeAnswer };

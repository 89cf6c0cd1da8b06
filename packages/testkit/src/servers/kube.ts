import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../ports.js";
import { serverBinary } from "./binary.js";
import { type KubeFiles, type KubeToken, kubeconfigText, writeKubeFiles } from "./kube-files.js";
import { Managed, type RunningServer, withFreePorts, workFolder } from "./managed.js";
import { httpStatus } from "./probe.js";

export interface KubeOptions {
  /** Data, keys and logs go here; a temporary folder when absent. */
  dir?: string;
  /** Write an audit log at level Metadata; default true. */
  audit?: boolean;
  /** More bearer tokens, with no rights but those RBAC gives to their user and groups. */
  tokens?: readonly KubeToken[];
  port?: number;
  /** More flags for kube-apiserver. */
  args?: readonly string[];
}

export interface RunningKube extends RunningServer {
  /** PEM of the authority to trust at `url`. */
  ca: string;
  caFile: string;
  /** Of a member of `system:masters`: RBAC refuses it nothing. */
  adminToken: string;
  /** Path of a kubeconfig with the admin's token. */
  kubeconfig: string;
  /** Text of a kubeconfig for another bearer. */
  kubeconfigFor(token: string): string;
  /** JSON lines, one event each; absent when `audit` is false. */
  auditLogPath: string | undefined;
  etcdUrl: string;
}

/**
 * Starts etcd and kube-apiserver on loopback ports, RBAC on. Resolves when `/readyz` is well and the namespace `default` exists.
 * No controllers run: a Deployment is stored and no pod starts, nothing is garbage-collected, no namespace has a service account
 * of its own.
 */
export async function startKube(options: KubeOptions = {}): Promise<RunningKube> {
  const [etcdBinary, apiserverBinary] = [await serverBinary("etcd"), await serverBinary("kube-apiserver")];
  const folder = workFolder(options.dir, "seb-kube-");
  const dataDir = join(folder.path, "etcd");
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const files = writeKubeFiles(folder.path, options.tokens ?? []);

  return withFreePorts(options.port !== undefined, async () => {
    const port = options.port ?? (await freePort());
    const { etcd, url: etcdUrl } = await planEtcd(etcdBinary, folder.path, dataDir);
    const apiserver = planApiserver(apiserverBinary, folder.path, { port, etcdUrl, files, options });
    await etcd.start();
    try {
      await apiserver.start();
    } catch (error) {
      await etcd.kill9();
      throw error;
    }
    return describe({ folder, dataDir, port, etcdUrl, files, options }, etcd, apiserver);
  });
}

async function planEtcd(command: string, folder: string, dataDir: string): Promise<{ etcd: Managed; url: string }> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const peerUrl = `http://127.0.0.1:${await freePort()}`;
  const args = [
    `--data-dir=${dataDir}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
  ];
  const etcd = new Managed({
    command,
    args,
    logFile: join(folder, "etcd.log"),
    says: "ready to serve client requests",
    answers: async () => (await httpStatus(`${url}/health`)) === 200,
    readyWithinMs: 30_000,
    stopWithinMs: 5000,
  });
  return { etcd, url };
}

interface ApiserverPlan {
  port: number;
  etcdUrl: string;
  files: KubeFiles;
  options: KubeOptions;
}

function planApiserver(command: string, folder: string, { port, etcdUrl, files, options }: ApiserverPlan): Managed {
  const { certificates, ca, adminToken: token } = files;
  const audit = [`--audit-policy-file=${files.auditPolicyFile}`, `--audit-log-path=${files.auditLogPath}`];
  const args = [
    `--etcd-servers=${etcdUrl}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    `--tls-cert-file=${certificates.certFile}`,
    `--tls-private-key-file=${certificates.keyFile}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${files.serviceAccountKeyFile}`,
    `--service-account-signing-key-file=${files.serviceAccountKeyFile}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    "--authorization-mode=RBAC",
    `--token-auth-file=${files.tokenFile}`,
    // It waits for a controller to make the accounts of a namespace, and none runs.
    "--disable-admission-plugins=ServiceAccount",
    // Nobody looks it up by the address it would advertise.
    "--endpoint-reconciler-type=none",
    ...(options.audit === false ? [] : audit),
    ...(options.args ?? []),
  ];
  const url = `https://127.0.0.1:${port}`;
  const answers = async (path: string) => (await httpStatus(`${url}${path}`, { ca, token })) === 200;
  return new Managed({
    command,
    args,
    logFile: join(folder, "kube-apiserver.log"),
    says: "Serving securely on",
    answers: async () => (await answers("/readyz")) && (await answers("/api/v1/namespaces/default")),
    readyWithinMs: 60_000,
    // It would wait a minute for watches to end.
    stopWithinMs: 3000,
  });
}

interface Parts extends ApiserverPlan {
  folder: { path: string; cleanup(): void };
  dataDir: string;
}

function describe(parts: Parts, etcd: Managed, apiserver: Managed): RunningKube {
  const { folder, dataDir, port, etcdUrl, files, options } = parts;
  const url = `https://127.0.0.1:${port}`;
  const kubeconfigFor = (token: string) => kubeconfigText(url, files.ca, token);
  const kubeconfig = join(folder.path, "kubeconfig");
  writeFileSync(kubeconfig, kubeconfigFor(files.adminToken), { mode: 0o600 });
  const stop = async () => {
    await apiserver.stop();
    await etcd.stop();
  };
  const kill9 = async () => {
    await Promise.all([apiserver.kill9(), etcd.kill9()]);
  };
  return {
    url,
    port,
    dataDir,
    logFile: join(folder.path, "kube-apiserver.log"),
    ca: files.ca,
    caFile: files.certificates.caFile,
    adminToken: files.adminToken,
    kubeconfig,
    kubeconfigFor,
    auditLogPath: options.audit === false ? undefined : files.auditLogPath,
    etcdUrl,
    stop,
    kill9,
    async restart() {
      await stop();
      await etcd.start();
      await apiserver.start();
    },
    async dispose() {
      await kill9();
      folder.cleanup();
    },
  };
}

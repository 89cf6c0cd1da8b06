import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestCertificates, testCertificates } from "./certificates.js";

/** A bearer token the apiserver accepts, and who shows it. */
export interface KubeToken {
  /** Printable, without commas or white space. */
  token: string;
  user: string;
  groups?: readonly string[];
}

export interface KubeFiles {
  certificates: TestCertificates;
  /** PEM of the authority that signed the apiserver's certificate. */
  ca: string;
  tokenFile: string;
  serviceAccountKeyFile: string;
  auditPolicyFile: string;
  auditLogPath: string;
  /** Of a member of `system:masters`. */
  adminToken: string;
}

/** Every request once, when it is answered: who, what, which credential; no bodies. */
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
`;

/** Writes what an apiserver needs to start into `folder`: certificates, keys, tokens, audit policy. All are made anew. */
export function writeKubeFiles(folder: string, tokens: readonly KubeToken[]): KubeFiles {
  const certificates = testCertificates(join(folder, "pki"));
  const adminToken = randomBytes(24).toString("base64url");
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const all = [{ token: adminToken, user: "seb-dev-admin", groups: ["system:masters"] }, ...tokens];
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    certificates,
    ca: readFileSync(certificates.caFile, "utf8"),
    tokenFile: file("tokens.csv", all.map(tokenLine).join("")),
    serviceAccountKeyFile: file("service-accounts.key", privateKey.export({ type: "sec1", format: "pem" }).toString()),
    auditPolicyFile: file("audit-policy.yaml", auditPolicy),
    auditLogPath: join(folder, "audit.log"),
    adminToken,
  };
}

function tokenLine({ token, user, groups = [] }: KubeToken): string {
  if (![token, user, ...groups].every((text) => /^[^\s,"]+$/.test(text)))
    throw new TypeError("a token, user or group that the token file cannot hold");
  return `${token},${user},${user},"${groups.join(",")}"\n`;
}

/** Text of a kubeconfig for one bearer of one token. JSON is YAML. */
export function kubeconfigText(url: string, ca: string, token: string): string {
  const named = "seb-dev";
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: named, cluster: { server: url, "certificate-authority-data": Buffer.from(ca).toString("base64") } },
    ],
    users: [{ name: named, user: { token } }],
    contexts: [{ name: named, context: { cluster: named, user: named, namespace: "default" } }],
    "current-context": named,
  };
  return `${JSON.stringify(config, undefined, 1)}\n`;
}

import { isAbsolute } from "node:path";
import { fail, ok, type Result } from "@seb/schema";
import { hasOnly, isNamespace, isObject } from "./names.js";

/** One entry of targets.yaml with `connector: kubernetes`: a cluster, and how the broker comes in. */
export interface KubernetesTarget {
  readonly name: string;
  /** `https://host:port`, with a path prefix where the API has one; never with user name, password or query. */
  readonly server: string;
  /** PEM bundle of the authorities that may vouch for the server; the system's when absent. */
  readonly caFile: string | undefined;
  /** Holds the broker's bearer token; read again every few seconds, since projected tokens rotate. */
  readonly tokenFile: string | undefined;
  readonly clientCertFile: string | undefined;
  readonly clientKeyFile: string | undefined;
  /** Where the accounts of executions live. */
  readonly executionsNamespace: string;
  /** The one audience that an execution's token is good for. */
  readonly audience: string;
  /** Role by `<verb> <resource>/<name>` and namespace, where it is not called as `seb infra render` calls it. */
  readonly roles: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const KEYS = [
  "connector",
  "server",
  "ca_file",
  "token_file",
  "client_cert_file",
  "client_key_file",
  "executions_namespace",
  "audience",
  "roles",
];
const ROLE = /^seb-x-[a-z0-9.-]{1,230}$/;
const ROLE_KEY = /^(?:patch|delete) [a-z][a-z0-9]{0,62}\/[a-z0-9.-]{1,200}$/;
const AUDIENCE = /^[!-~]{1,200}$/;

/**
 * Reads the Kubernetes targets among all entries of targets.yaml; entries of other connectors are passed over.
 * A wrong one is `setting_invalid` with a pointer to the setting; its value is not repeated.
 */
export function readKubernetesTargets(
  entries: Readonly<Record<string, unknown>>,
): Result<ReadonlyMap<string, KubernetesTarget>, "setting_invalid"> {
  const targets = new Map<string, KubernetesTarget>();
  for (const [name, entry] of Object.entries(entries)) {
    if (!isObject(entry) || entry.connector !== "kubernetes") continue;
    if (!isNamespace(name)) return fail("setting_invalid", "The name of a Kubernetes target is not a DNS label.");
    const wrong = wrongSetting(entry);
    if (wrong !== undefined) {
      const path: unknown = entry[wrong];
      const how = typeof path === "string" && wrong.endsWith("_file") && !isFile(path) ? "no absolute path" : "wrong";
      return fail("setting_invalid", `Target ${name}: ${wrong} is ${how}.`, { pointer: `/targets/${name}/${wrong}` });
    }
    targets.set(name, toTarget(name, entry));
  }
  return ok(targets);
}

function wrongSetting(entry: Readonly<Record<string, unknown>>): string | undefined {
  if (!hasOnly(entry, KEYS)) return "?";
  if (!isServer(entry.server)) return "server";
  const checks: Readonly<Record<string, (value: unknown) => boolean>> = {
    ca_file: isFile,
    token_file: isFile,
    client_cert_file: isFile,
    client_key_file: isFile,
    executions_namespace: isNamespace,
    audience: (value) => typeof value === "string" && AUDIENCE.test(value),
    roles: isRoles,
  };
  const wrong = Object.entries(checks).find(([key, check]) => entry[key] !== undefined && !check(entry[key]))?.[0];
  if (wrong !== undefined) return wrong;
  if ((entry.client_cert_file === undefined) !== (entry.client_key_file === undefined)) return "client_key_file";
  // Exactly one way to come in: a server that is shown two believes the certificate and never looks at the token.
  return (entry.token_file === undefined) === (entry.client_cert_file === undefined) ? "token_file" : undefined;
}

function toTarget(name: string, entry: Readonly<Record<string, unknown>>): KubernetesTarget {
  const text = (key: string): string | undefined => (typeof entry[key] === "string" ? entry[key] : undefined);
  return {
    name,
    server: (text("server") ?? "").replace(/\/+$/, ""),
    caFile: text("ca_file"),
    tokenFile: text("token_file"),
    clientCertFile: text("client_cert_file"),
    clientKeyFile: text("client_key_file"),
    executionsNamespace: text("executions_namespace") ?? "seb-executions",
    audience: text("audience") ?? "https://kubernetes.default.svc",
    roles: isRoles(entry.roles) ? entry.roles : {},
  };
}

const isFile = (value: unknown): boolean => typeof value === "string" && isAbsolute(value) && value.length <= 1000;

function isServer(value: unknown): boolean {
  if (typeof value !== "string" || value.length > 500 || !URL.canParse(value)) return false;
  const { protocol, username, password, search, hash, pathname } = new URL(value);
  const plain = username === "" && password === "" && search === "" && hash === "";
  return protocol === "https:" && plain && /^(?:\/[A-Za-z0-9._-]+)*\/?$/.test(pathname);
}

function isRoles(value: unknown): value is Readonly<Record<string, Readonly<Record<string, string>>>> {
  if (!isObject(value)) return false;
  return Object.entries(value).every(
    ([namespace, roles]) =>
      isNamespace(namespace) &&
      isObject(roles) &&
      Object.entries(roles).every(([key, role]) => ROLE_KEY.test(key) && typeof role === "string" && ROLE.test(role)),
  );
}

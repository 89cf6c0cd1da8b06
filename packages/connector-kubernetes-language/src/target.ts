import { isAbsolute } from "node:path";
import { isObject, kindOf, pointerOf, type Read, readOr, unknownMembers } from "@seb/connector-language";
import type { Mistake } from "@seb/schema";
import { isNamespace } from "./names.js";

/** One entry of targets.yaml with `connector: kubernetes`: a cluster, and how the broker comes in. */
export interface KubernetesEntry {
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
  readonly roles: Roles;
}
type Roles = Readonly<Record<string, Readonly<Record<string, string>>>>;

const ROLE = /^seb-x-[a-z0-9.-]{1,230}$/;
const ROLE_KEY = /^(?:patch|delete) [a-z][a-z0-9]{0,62}\/[a-z0-9.-]{1,200}$/;
const AUDIENCE = /^[!-~]{1,200}$/;

const isFile = (value: unknown): boolean => typeof value === "string" && isAbsolute(value) && value.length <= 1000;
const A_FILE = "an absolute path of at most 1000 characters";

/** What may stand at each setting, and how that is said. `roles` is read by {@link wrongRoles}. */
const SETTINGS: Readonly<Record<string, readonly [(value: unknown) => boolean, string]>> = {
  server: [
    isServer,
    "https://<host>:<port>, with a path where the API has one, without user name, password, query or fragment",
  ],
  ca_file: [isFile, A_FILE],
  token_file: [isFile, A_FILE],
  client_cert_file: [isFile, A_FILE],
  client_key_file: [isFile, A_FILE],
  executions_namespace: [isNamespace, "the name of a namespace: a DNS label"],
  audience: [(value) => typeof value === "string" && AUDIENCE.test(value), "1 to 200 characters of printable ASCII"],
};

/** Reads an entry; its values stand in no mistake. */
export function readTarget(entry: Readonly<Record<string, unknown>>): Read<KubernetesEntry> {
  const mistakes = [...unknownMembers(entry, ["connector", ...Object.keys(SETTINGS), "roles"], "")];
  for (const [setting, [isRight, expected]] of Object.entries(SETTINGS)) {
    const value = entry[setting];
    if ((value === undefined && setting !== "server") || isRight(value)) continue;
    mistakes.push(wrong([setting], value, expected));
  }
  mistakes.push(...wrongAccess(entry), ...wrongRoles(entry.roles));
  return readOr(mistakes, () => toTarget(entry));
}

function wrong(place: readonly string[], value: unknown, expected: string): Mistake {
  return { file: "", field: pointerOf(place), found: kindOf(value), expected };
}

/** Exactly one way to come in: a server that is shown two believes the certificate and never looks at the token. */
function* wrongAccess({
  token_file: token,
  client_cert_file: cert,
  client_key_file: key,
}: Readonly<Record<string, unknown>>) {
  if ((cert === undefined) !== (key === undefined))
    yield wrong(["client_key_file"], key, "client_cert_file and client_key_file together");
  if ((token === undefined) === (cert === undefined))
    yield wrong(["token_file"], token, "either token_file or client_cert_file, as the one way to come in");
}

function* wrongRoles(roles: unknown): Generator<Mistake> {
  if (roles === undefined) return;
  if (!isObject(roles)) yield wrong(["roles"], roles, "an object of namespaces");
  for (const [namespace, named] of isObject(roles) ? Object.entries(roles) : []) {
    const place = ["roles", namespace];
    if (!isNamespace(namespace)) yield wrong(place, namespace, "the name of a namespace: a DNS label");
    if (!isObject(named)) yield wrong(place, named, "an object of Roles by <verb> <resource>/<name>");
    for (const [key, role] of isObject(named) ? Object.entries(named) : []) {
      if (!ROLE_KEY.test(key)) yield wrong([...place, key], key, "patch or delete, a blank, <resource>/<name>");
      if (typeof role !== "string" || !ROLE.test(role))
        yield wrong([...place, key], role, "the name of a Role, which begins with seb-x-");
    }
  }
}

function isServer(value: unknown): boolean {
  if (typeof value !== "string" || value.length > 500 || !URL.canParse(value)) return false;
  const { protocol, username, password, search, hash, pathname } = new URL(value);
  const plain = username === "" && password === "" && search === "" && hash === "";
  return protocol === "https:" && plain && /^(?:\/[A-Za-z0-9._-]+)*\/?$/.test(pathname);
}

function toTarget(entry: Readonly<Record<string, unknown>>): KubernetesEntry {
  const text = (key: string): string | undefined => (typeof entry[key] === "string" ? entry[key] : undefined);
  return {
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

const isRoles = (value: unknown): value is Roles => value !== undefined && [...wrongRoles(value)].length === 0;

// One change of one deployment through the connector, for the tests of this package.
import { join } from "node:path";
import { BASE32_ID_RANDOM_BYTES, base32Id } from "@seb/canonical";
import type { Connector, ExecuteResult, ObserveRequest, Session } from "@seb/connector";
import type { Contract, LiveState, Operation } from "@seb/schema";
import { createGitConnector } from "../src/index.js";
import { DEPLOYMENT, type GitRig, NEW_IMAGE } from "./rig.js";

const IMAGE_AT = "/spec/template/spec/containers/0/image";

export const always = async (): Promise<boolean> => true;
export const soon = (timeoutMs = 20_000): AbortSignal => AbortSignal.timeout(timeoutMs);

export const TEMPLATE = {
  branch: "main",
  edits: [
    { path: DEPLOYMENT, format: "yaml", set: { [IMAGE_AT]: NEW_IMAGE, "/spec/replicas": { $open: "replicas" } } },
  ],
};
export const FILLED = {
  branch: "main",
  edits: [{ path: DEPLOYMENT, format: "yaml", set: { [IMAGE_AT]: NEW_IMAGE, "/spec/replicas": 7 } }],
};
export const OPERATION: Operation = { connector: "git", target: "gitops", operation: FILLED };
export const LIVE = {
  image: { at: IMAGE_AT, show: true, previous: true },
  replicas: { at: `${DEPLOYMENT}#/spec/replicas`, show: true },
};
export const LOOK: Omit<ObserveRequest, "signal"> = { target: "gitops", operation: TEMPLATE, live: LIVE };

export function newCertId(): string {
  return base32Id("c_", crypto.getRandomValues(new Uint8Array(BASE32_ID_RANDOM_BYTES)));
}

export function contractOf(
  precondition: Contract["precondition"],
  operation: Contract["operation"] = TEMPLATE,
): Contract {
  return {
    ver: 1,
    action: "deploy",
    resource: "service:checkout/region:us-east-1",
    audience: "broker:dev",
    connector: "git",
    target: "gitops",
    operation,
    open: { replicas: { type: "integer", minimum: 1, maximum: 12 } },
    precondition,
    reconcile: "exact",
    identity: "held",
    timeout_seconds: 30,
  };
}

/** The connector with one target, `gitops`; every connector has a cache of its own unless `cache` says otherwise. */
export function connect(
  rig: GitRig,
  more: {
    readonly target?: object;
    readonly gitTimeoutMs?: number;
    readonly cache?: string;
    readonly nowMs?: () => number;
  } = {},
): Connector {
  const { target, cache, ...options } = more;
  const made = createGitConnector({
    targets: { gitops: { connector: "git", url: rig.url, ...target } },
    cacheFolder: join(rig.folder, cache ?? `cache-${newCertId()}`),
    ...options,
  });
  if (!made.ok) throw new Error(made.error.code);
  return made.value;
}

export async function observed(connector: Connector, request: Partial<ObserveRequest> = {}): Promise<LiveState> {
  const seen = await connector.observe({ ...LOOK, signal: soon(), ...request });
  if (!seen.ok) throw new Error(`${seen.error.code}: ${seen.error.detail}`);
  return seen.value;
}

/** Opens a session for a contract. */
export async function opened(
  connector: Connector,
  contract: Contract,
  more: {
    readonly certId?: string;
    readonly operation?: Operation;
    readonly signal?: AbortSignal;
    readonly notAfterMs?: number;
  } = {},
): Promise<Session> {
  const session = await connector.open({
    cert_id: more.certId ?? newCertId(),
    subject: "agent:oncall-v3",
    contract,
    operation: more.operation ?? OPERATION,
    fence: 1,
    not_after_ms: more.notAfterMs ?? Date.now() + 60_000,
    signal: more.signal ?? soon(),
  });
  if (!session.ok) throw new Error(`${session.error.code}: ${session.error.detail}`);
  return session.value;
}

/** Observes, opens and executes the usual change. */
export async function change(connector: Connector, certId = newCertId()): Promise<ExecuteResult> {
  const { precondition } = await observed(connector);
  return (await opened(connector, contractOf(precondition), { certId })).execute(always);
}

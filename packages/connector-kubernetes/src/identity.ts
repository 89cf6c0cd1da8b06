import type { ObserveCode } from "@seb/connector";
import { MARKER } from "@seb/connector-kubernetes-language";
import { fail, ok, type Result } from "@seb/schema";
import type { KubeClient, Reply } from "./client.js";
import { items, textAt, valueAt } from "./json.js";
import { failureOf } from "./observe.js";

/** Who is to be made, and what it may do. */
export interface IdentityPlan {
  /** `seb-c-...`: of the account and of the binding. */
  readonly name: string;
  readonly certId: string;
  readonly executionsNamespace: string;
  /** Namespace of the target, where the binding stands. */
  readonly namespace: string;
  /** The pre-provisioned Role that is bound. */
  readonly role: string;
  readonly audience: string;
}

/** An account that exists for one execution, and its token. */
export interface Identity {
  readonly token: string;
  /** When the binding was acknowledged, on the monotonic clock, in milliseconds. */
  readonly boundAtMs: number;
  readonly bindingUid: string;
  readonly accountUid: string;
}

/** The shortest life that the API grants. */
const TOKEN_SECONDS = 600;
const TOKEN = /^[A-Za-z0-9._-]{20,8192}$/;

export const accountsPath = (namespace: string): string => `/api/v1/namespaces/${namespace}/serviceaccounts`;
export const bindingsPath = (namespace: string): string =>
  `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`;

/** Makes the binding beside the account and its token. What an earlier attempt at the same execution made is used again. */
export async function mint(
  client: KubeClient,
  plan: IdentityPlan,
  signal: AbortSignal,
): Promise<Result<Identity, ObserveCode>> {
  const [account, binding] = await Promise.all([
    accountWithToken(client, plan, signal),
    makeBinding(client, plan, signal),
  ]);
  if (!account.ok) return account;
  return binding.ok ? ok({ ...account.value, ...binding.value }) : binding;
}

async function accountWithToken(
  client: KubeClient,
  plan: IdentityPlan,
  signal: AbortSignal,
): Promise<Result<Pick<Identity, "token" | "accountUid">, ObserveCode>> {
  const accountUid = await makeAccount(client, plan, signal);
  if (!accountUid.ok) return accountUid;
  const reply = await client.call({
    method: "POST",
    path: `${accountsPath(plan.executionsNamespace)}/${plan.name}/token`,
    body: {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { audiences: [plan.audience], expirationSeconds: TOKEN_SECONDS },
    },
    signal,
  });
  const failed = failureOf(reply, "request for a token");
  if (failed !== undefined) return failed;
  const token = reply.answered ? textAt(reply.body, "status", "token") : undefined;
  if (token === undefined || !TOKEN.test(token)) return fail("target_refused", "The API server issued no token.");
  return ok({ token, accountUid: accountUid.value });
}

async function makeAccount(
  client: KubeClient,
  plan: IdentityPlan,
  signal: AbortSignal,
): Promise<Result<string, ObserveCode>> {
  const path = accountsPath(plan.executionsNamespace);
  const body = {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: plan.name, annotations: { [MARKER]: plan.certId } },
    automountServiceAccountToken: false,
  };
  const made = await client.call({ method: "POST", path, body, signal });
  const reply = isConflict(made) ? await client.call({ method: "GET", path: `${path}/${plan.name}`, signal }) : made;
  return failureOf(reply, "creation of the account") ?? uidOf(reply);
}

async function makeBinding(
  client: KubeClient,
  plan: IdentityPlan,
  signal: AbortSignal,
): Promise<Result<Pick<Identity, "boundAtMs" | "bindingUid">, ObserveCode>> {
  const path = bindingsPath(plan.namespace);
  const body = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: plan.name, annotations: { [MARKER]: plan.certId } },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: plan.role },
    subjects: [{ kind: "ServiceAccount", namespace: plan.executionsNamespace, name: plan.name }],
  };
  const made = await client.call({ method: "POST", path, body, signal });
  const reply = isConflict(made) ? await client.call({ method: "GET", path: `${path}/${plan.name}`, signal }) : made;
  const failed = failureOf(reply, "binding of the role");
  if (failed !== undefined) return failed;
  if (!bindsExactly(reply, plan)) return fail("target_refused", "A binding of this name grants something else.");
  const uid = uidOf(reply);
  return uid.ok ? ok({ bindingUid: uid.value, boundAtMs: performance.now() }) : uid;
}

const isConflict = (reply: Reply): boolean => reply.answered && reply.status === 409;

function uidOf(reply: Reply): Result<string, ObserveCode> {
  const uid = reply.answered ? textAt(reply.body, "metadata", "uid") : undefined;
  return uid === undefined ? fail("target_refused", "The answer is no object with an identity.") : ok(uid);
}

/** A binding that was found must be the one that would have been made. */
function bindsExactly(reply: Reply, { name, role, executionsNamespace }: IdentityPlan): boolean {
  if (!reply.answered) return false;
  const { body } = reply;
  const subjects = items(valueAt(body, "subjects"));
  const [subject] = subjects;
  return (
    subjects.length === 1 &&
    textAt(subject, "kind") === "ServiceAccount" &&
    textAt(subject, "namespace") === executionsNamespace &&
    textAt(subject, "name") === name &&
    textAt(body, "roleRef", "kind") === "Role" &&
    textAt(body, "roleRef", "name") === role &&
    textAt(body, "metadata", "deletionTimestamp") === undefined
  );
}

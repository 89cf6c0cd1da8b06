// Deployments of a cluster with bare calls: as few as seeing one and changing it through an identity of its own take.
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const MARKER = "/metadata/annotations/seb.dev~1certificate";
const MAX_TRIES = 50;

/** Opens the cluster at `url` with the broker's token. */
export function openCluster({ url, caFile, tokenFile, namespace, executions }) {
  const agent = new Agent({ keepAlive: true, ca: readFileSync(caFile), maxSockets: 128 });
  const own = readFileSync(tokenFile, "utf8").trim();

  function call(method, path, body, { token = own, type = "application/json" } = {}) {
    const payload = body === undefined ? "" : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": type,
      "content-length": Buffer.byteLength(payload),
    };
    return new Promise((resolve, reject) => {
      const sent = request(`${url}${path}`, { method, agent, headers }, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) }),
        );
      });
      sent.on("error", reject);
      sent.end(payload);
    });
  }

  async function must(...args) {
    const { status, body } = await call(...args);
    if (status >= 300) throw new Error(`${args[0]} ${args[1]}: ${status} ${body.message}`);
    return body;
  }

  const deployment = (service) => `/apis/apps/v1/namespaces/${namespace}/deployments/${service}`;
  const accounts = `/api/v1/namespaces/${executions}/serviceaccounts`;
  const bindings = `${RBAC}/namespaces/${namespace}/rolebindings`;
  const minted = new Map();

  async function observe(service) {
    const { metadata, spec } = await must("GET", deployment(service));
    const image = spec.template.spec.containers[0].image;
    return {
      service,
      uid: metadata.uid,
      image,
      replicas: spec.replicas,
      marker: metadata.annotations?.["seb.dev/certificate"],
    };
  }

  async function account(name, metadata) {
    const made = await must("POST", accounts, { metadata, automountServiceAccountToken: false });
    const spec = { audiences: ["https://kubernetes.default.svc"], expirationSeconds: 600 };
    const { status } = await must("POST", `${accounts}/${name}/token`, { spec });
    return { token: status.token, uid: made.metadata.uid };
  }

  async function mint(id, service) {
    const name = `seb-c-${id.slice(2)}`;
    const metadata = { name, annotations: { "seb.dev/certificate": id } };
    const roleRef = {
      apiGroup: "rbac.authorization.k8s.io",
      kind: "Role",
      name: `seb-x-patch-deployments.apps-${service}`,
    };
    const subjects = [{ kind: "ServiceAccount", namespace: executions, name }];
    const [made, binding] = await Promise.all([
      account(name, metadata),
      must("POST", bindings, { metadata, roleRef, subjects }),
    ]);
    minted.set(id, { name, accountUid: made.uid, bindingUid: binding.metadata.uid });
    return made.token;
  }

  function patchOf(id, { uid, image, replicas, marker }, wanted) {
    const container = "/spec/template/spec/containers/0";
    const steps = [
      ["test", "/metadata/uid", uid],
      ["test", `${container}/name`, "app"],
      ["test", `${container}/image`, image],
      ["test", "/spec/replicas", replicas],
      ["replace", `${container}/image`, wanted.image],
      ["replace", "/spec/replicas", wanted.replicas],
      ...(marker === undefined ? [["add", "/metadata/annotations", {}]] : [["test", MARKER, marker]]),
      [marker === undefined ? "add" : "replace", MARKER, id],
    ];
    return steps.map(([op, path, value]) => ({ op, path, value }));
  }

  return {
    observe,
    /** Is the object still as it was observed? */
    async unchanged(seen) {
      const { uid, image, replicas, marker } = await observe(seen.service);
      return uid === seen.uid && image === seen.image && replicas === seen.replicas ? { ...seen, marker } : undefined;
    },
    async change(id, seen, wanted) {
      const token = await mint(id, seen.service);
      const patch = patchOf(id, seen, wanted);
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const options = { token, type: "application/json-patch+json" };
        const { status, body } = await call("PATCH", deployment(seen.service), patch, options);
        if (status < 300) return true;
        // A young binding is seen a moment later by the part of the server that authorises.
        if (status !== 403 || !body.message.includes("cannot patch"))
          throw new Error(`PATCH: ${status} ${body.message}`);
      }
      return false;
    },
    async withdraw(id) {
      const { name, accountUid, bindingUid } = minted.get(id);
      minted.delete(id);
      const options = (uid) => ({ propagationPolicy: "Background", preconditions: { uid } });
      await Promise.all([
        must("DELETE", `${bindings}/${name}`, options(bindingUid)),
        must("DELETE", `${accounts}/${name}`, options(accountUid)),
      ]);
    },
  };
}

import { seal } from "./tokens.mjs";

const WHERE = { service: "checkout", region: "us-east-1" };
const RESOURCE = "service:checkout/region:us-east-1";

/**
 * Every route of the three services with a request that it would take. Nothing here can change production: the certificate is a shadow
 * one, orders name certificates that do not exist.
 *
 * @param {object} materials  see `environment.mjs`
 */
export function routesOf(materials) {
  const { image, observation, certificate, attestation, keys } = materials;
  const operation = { action: "deploy", resource: RESOURCE, parameters: { image_digest: image, replicas: 12 } };
  const proposal = {
    action: "deploy",
    ...WHERE,
    parameters: { image_digest: image },
    bounds: { max_replicas: 12 },
    evidence: [{ type: "attestation", envelope: attestation }],
    observation,
    mode: "shadow",
  };
  const order = (random, what) => {
    const iat = Math.floor(Date.now() / 1000);
    const claims = {
      ver: 1,
      jti: random.id("o_"),
      aud: "env:dev",
      sub: keys.operator.name,
      iat,
      exp: iat + 300,
      order: what,
      reason: "fuzz",
    };
    return { order: seal(keys.operator, "seb-order+jws", claims) };
  };
  const post = (service, path, body, more = {}) => ({ service, method: "POST", path, body, ...more });
  const get = (service, path, more = {}) => ({ service, method: "GET", path, ...more });
  const anOrder = (random) =>
    order(
      random,
      random.pick([
        { do: "revoke", target: { kind: "certificate", value: random.id("c_") } },
        { do: "lift", target: { kind: "action", value: "scale" } },
        { do: "activate", bundle: `sha256:${"0".repeat(64)}`, wire: 1 },
        { do: "resolve", certificate: random.id("c_"), state: "executed" },
      ]),
    );
  return [
    [10, () => post("signer", "/v1/certificates", proposal, { proved: true, idempotent: true })],
    [2, () => get("signer", "/v1/actions")],
    [2, () => get("signer", "/v1/actions/deploy")],
    [3, (random) => get("signer", `/v1/requests/${random.id("p_")}`, { proved: true })],
    [3, (random) => post("signer", `/v1/requests/${random.id("p_")}/approvals`, { approval: certificate })],
    [1, () => get("signer", "/.well-known/jwks.json")],
    [5, () => post("broker", "/v1/observations", { action: "deploy", ...WHERE }, { proved: true })],
    [18, () => post("broker", "/v1/executions", operation, { proved: true, presented: true })],
    [3, () => get("broker", "/v1/executions", { proved: true, query: "state=recent&limit=20" })],
    [3, (random) => get("broker", `/v1/executions/${random.id("c_")}`, { proved: true })],
    [3, () => post("broker", "/v1/verifications", { operation }, { proved: true, presented: true })],
    [2, (random) => post("broker", "/v1/verifications", { request: random.id(random.pick(["r_", "u_"])) })],
    [3, (random) => post("broker", "/v1/resolutions", anOrder(random))],
    [8, (random) => post("revocation", "/v1/orders", anOrder(random))],
    [2, () => get("revocation", "/v1/revocations")],
    [2, () => get("revocation", "/v1/status")],
    [
      1,
      (random) =>
        get(random.pick(["signer", "broker", "revocation"]), random.pick(["/healthz", "/readyz", "/metrics"])),
    ],
  ];
}

import type { Route } from "@seb/service-kit";
import type { Signer } from "../signer.js";

/**
 * `GET /.well-known/jwks.json` (RFC 7517, section 5): the certificate keys of the trust file, for outsiders. SEB's own services never load
 * a key from here. `alg` is the very name that certificates carry in their header (`Ed25519`, RFC 9864; `ES256`).
 */
export function getJwks(signer: Signer): Route {
  return {
    method: "GET",
    path: "/.well-known/jwks.json",
    summary: "Public keys of certificates",
    codes: [],
    query: [],
    async handle() {
      const nowSeconds = signer.ports.clock.nowMs() / 1000;
      const keys = signer.ports
        .trust()
        .keys()
        .filter(({ role, exp }) => role === "certificate" && exp > nowSeconds)
        .map(({ jwk, kid, alg }) => ({ ...jwk, kid, alg, use: "sig" }));
      return {
        status: 200,
        body: { keys },
        headers: { "content-type": "application/jwk-set+json", "cache-control": "max-age=60" },
      };
    },
  };
}

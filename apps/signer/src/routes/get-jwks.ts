import { closed, Thumbprint } from "@seb/schema";
import type { Route } from "@seb/service-kit";
import Type from "typebox";
import type { Signer } from "../signer.js";

const Coordinate = Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" });
const common = { kid: Thumbprint, use: Type.Literal("sig") };
const Jwks = closed({
  keys: Type.Array(
    Type.Union([
      closed({
        kty: Type.Literal("OKP"),
        crv: Type.Literal("Ed25519"),
        x: Coordinate,
        alg: Type.Literal("Ed25519"),
        ...common,
      }),
      closed({
        kty: Type.Literal("EC"),
        crv: Type.Literal("P-256"),
        x: Coordinate,
        y: Coordinate,
        alg: Type.Literal("ES256"),
        ...common,
      }),
    ]),
  ),
});

/**
 * `GET /.well-known/jwks.json` (RFC 7517, section 5): the certificate keys of the trust file, for outsiders. SEB's own services never load
 * a key from here. `alg` is the very name that certificates carry in their header (`Ed25519`, RFC 9864; `ES256`).
 */
export function getJwks(signer: Pick<Signer, "clock" | "trust">): Route {
  return {
    method: "GET",
    path: "/.well-known/jwks.json",
    summary: "Public keys of certificates",
    success: { status: 200, body: Jwks },
    codes: [],
    query: [],
    async handle() {
      const nowSeconds = signer.clock.nowMs() / 1000;
      const keys = signer
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

import { ok, type Result, TYP_OF_ROLE } from "@seb/schema";
import { CompactSign } from "jose";
import { loadCertificateKey, type PublicJwk } from "./key-file.js";
import { PreparedCertificate } from "./prepared.js";

/** Signs certificates and nothing else. There is no way to the private key, and none to sign bytes of one's own. */
export interface CertificateSigner {
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  readonly alg: "Ed25519" | "ES256";
  /**
   * Signs a prepared certificate, once. Ed25519 gives the same bytes for the same claims, ES256 does not.
   * @throws TypeError for anything that `prepareCertificate` or `restore` did not make, and for one already signed.
   */
  sign(prepared: PreparedCertificate): Promise<string>;
}

/** Makes the signer from a parsed key file of the role `certificate`. */
export async function createCertificateSigner(keyFile: unknown): Promise<Result<CertificateSigner, "setting_invalid">> {
  const loaded = await loadCertificateKey(keyFile);
  if (!loaded.ok) return loaded;
  const { kid, publicJwk, alg, key } = loaded.value;
  return ok(
    Object.freeze({
      kid,
      publicJwk: Object.freeze(publicJwk),
      alg,
      sign: async (prepared: PreparedCertificate) =>
        new CompactSign(new TextEncoder().encode(PreparedCertificate.redeem(prepared)))
          .setProtectedHeader({ alg, typ: TYP_OF_ROLE.certificate, kid })
          .sign(key),
    }),
  );
}

import { digestBytes } from "@seb/canonical";
import type { CertificateClaims } from "@seb/schema";

const MAKER = Symbol("maker");

function freezeDeep(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const item of Object.values(value)) freezeDeep(item);
}

/**
 * The content of one certificate, checked and fixed, which can be signed once. Only this package makes them: the
 * signature covers the private text, so nothing that is done to the object's visible members can reach it.
 */
export class PreparedCertificate {
  readonly #payload: string;
  #redeemed = false;
  /** `sha256:` of the payload's bytes, for the journal. */
  readonly digest: string;

  /** @throws TypeError for anybody who is not this package. */
  constructor(
    maker: symbol,
    readonly claims: CertificateClaims,
    readonly payloadText: string,
  ) {
    if (maker !== MAKER) throw new TypeError("a prepared certificate comes from prepareCertificate or restore");
    this.#payload = payloadText;
    this.digest = digestBytes(payloadText);
    freezeDeep(claims);
    Object.freeze(this);
  }

  /**
   * Gives the payload out for signing, once.
   * @throws TypeError for an object that this package did not make, or made and redeemed before.
   */
  static redeem(prepared: unknown): string {
    if (typeof prepared !== "object" || prepared === null || !(#payload in prepared))
      throw new TypeError("not a prepared certificate");
    if (prepared.#redeemed) throw new TypeError("a prepared certificate is signed once");
    prepared.#redeemed = true;
    return prepared.#payload;
  }
}

/** Inside this package only; the index does not export it. */
export function makePrepared(claims: CertificateClaims, payloadText: string): PreparedCertificate {
  return new PreparedCertificate(MAKER, claims, payloadText);
}

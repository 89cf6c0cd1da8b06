export { type CertificateIntent, type PrepareCode, prepareCertificate, restore } from "./prepare.js";
export type { PreparedCertificate } from "./prepared.js";
export { ABSOLUTE_MAX_BYTES, ABSOLUTE_MAX_TTL_SECONDS, type Profile } from "./profile.js";
export { type CertificateSigner, createCertificateSigner } from "./signer.js";

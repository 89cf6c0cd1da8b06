export {
  generateKeyFile,
  KEY_ROLES,
  type KeyFile,
  type KeyRole,
  type PrivateJwk,
  type PublicJwk,
  publicOf,
  readKeyFile,
} from "./key-file.js";
export { createProver, type ProofRequest, type Prover } from "./prover.js";
export { createSealer, type Sealer, type SealRole } from "./sealer.js";
export { signTrust } from "./trust-file.js";

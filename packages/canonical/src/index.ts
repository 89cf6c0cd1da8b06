export { BASE32_ID_RANDOM_BYTES, base32Id, isBase32Id } from "./base32-id.js";
export { base64urlDecode, base64urlEncode } from "./base64url.js";
export { canonicalize } from "./canonicalize.js";
export { digest, digestBytes, proposalDigest } from "./digest.js";
export { equalBytes } from "./equal-bytes.js";
export { isJson, type Json, type JsonObject, MAX_DEPTH } from "./json.js";
export { jwkThumbprint, type ThumbprintInput } from "./jwk-thumbprint.js";
export { type JsonLimits, readJson } from "./read-json.js";
export type { JsonCode } from "./scanner.js";

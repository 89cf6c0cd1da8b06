export {
  type Agent,
  type AgentOptions,
  createAgent,
  ExecutionsAnswer,
  type Proposal,
  type RequestOptions,
} from "./agent.js";
export type { CallFailure, CallResult, ServiceName } from "./failure.js";
export { type Call, createTransport, type Transport } from "./http-call.js";
export { createMemoryIdempotencyStore, type IdempotencyStore } from "./idempotency.js";
export { freshId, operationDigest } from "./proof-headers.js";
export { type CallOptions, createReader, type Endpoints, type Reader, type Verification } from "./reader.js";

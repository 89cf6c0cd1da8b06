export {
  type Agents,
  type AgentsOptions,
  createAgents,
  type KnownAgent,
  type Opened,
  type StandingAgent,
  type StandingReader,
} from "./agents.js";
export { AUTHENTICATION_CODES, WORD_CODES } from "./codes.js";
export { createPossession, type Possession, type PossessionOptions, type ProvenKey } from "./possession.js";
export { agentAllowed, agentByKey, isApproverKey } from "./registered.js";
export { bodyDigest, type ProvenRequest, presentedCertificate, provenRequest, type RequestHead } from "./request.js";
export { type Caller, checkCaller } from "./standing.js";

export type { AppendCode } from "./group-writer.js";
export { type ChainOptions, type OpenCode, openChain, RESERVE_KINDS } from "./open-chain.js";
export type { EvidenceStore, Head, HeadStore, RecordChain, Recorded, RecordSink, RecordSource } from "./port.js";
export type { Problem, ProblemKind, UnclosedBoot } from "./problem.js";
export { type ReadOptions, type ReadRecord, readRecords } from "./read-records.js";
export { BOOT, CLOSE, GENESIS, MAX_LINE_BYTES, RECORD_TYP } from "./record-line.js";
export { createRefusalLog, type RefusalLog, type RefusalLogOptions } from "./refusals.js";
export { type ChainReport, type Report, type Verdict, type VerifyOptions, verifyChains } from "./verify.js";
export { type LineVerifier, lineVerifier } from "./walk.js";

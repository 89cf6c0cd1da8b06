export { type DurableFile, openDurableFile } from "./durable-file.js";
export { createFileEvidence, type ErasableEvidence, MAX_EVIDENCE_BYTES } from "./file-evidence.js";
export { createFileHeads, type FileHeads, type FileHeadsOptions } from "./file-heads.js";
export { createFileSink, type FileSinkOptions } from "./file-sink.js";

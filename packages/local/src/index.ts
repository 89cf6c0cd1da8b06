export { errnoOf } from "./errno.js";
export { type FileCode, readBoundedFile, readSecretFile } from "./files.js";
export { type HeldLock, takeLock } from "./lock.js";
export { readTls, type TlsFiles, type TlsTexts } from "./tls.js";

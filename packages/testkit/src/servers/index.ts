export { haveServer, leftOut, type ServerName, serverBinary } from "./binary.js";
export { type TestCertificates, testCertificates } from "./certificates.js";
export { type KubeOptions, type RunningKube, startKube } from "./kube.js";
export type { KubeToken } from "./kube-files.js";
export type { RunningServer } from "./managed.js";
export { type NatsOptions, type RunningNats, startNats } from "./nats.js";
export { type RedisOptions, type RunningRedis, startRedis } from "./redis.js";
export type { TlsFiles } from "./tls-files.js";

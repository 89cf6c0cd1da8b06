export { blackHole } from "./black-hole.js";
export { clockPreload, type TestClock, testClock } from "./clock.js";
export { type Endpoint, freePort, refusedPort } from "./ports.js";
export { killAll } from "./process-group.js";
export { type CommandResult, type RunOptions, runCommand } from "./run-command.js";
export {
  haveServer,
  type KubeOptions,
  type KubeToken,
  leftOut,
  type NatsOptions,
  type RedisOptions,
  type RunningKube,
  type RunningNats,
  type RunningRedis,
  type RunningServer,
  type ServerName,
  serverBinary,
  startKube,
  startNats,
  startRedis,
  type TestCertificates,
  type TlsFiles,
  testCertificates,
} from "./servers/index.js";
export { type SilentServer, silentServer } from "./silent-server.js";
export { type Exit, type SpawnedProcess, type SpawnOptions, spawnProcess } from "./spawn.js";
export { type TcpProxy, tcpProxy } from "./tcp-proxy.js";
export { type TempDir, tempDir } from "./temp-dir.js";

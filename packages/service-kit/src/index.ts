export { type Clock, systemClock } from "./clock.js";
export { type Closers, createClosers } from "./closers.js";
export { readConfig, readSecretFile, readYamlFile } from "./config.js";
export { createDeadline, type Deadline } from "./deadline.js";
export {
  createHttpService,
  DEFAULT_LIMITS,
  type HttpLimits,
  type HttpService,
  type HttpServiceOptions,
  type ShellRefusal,
} from "./http-service.js";
export { createLog, type Log, type LogOptions, maskSecrets } from "./log.js";
export { type Round, runMain, type ServiceMain, type Startable } from "./main/run.js";
export { stopSignal } from "./main/stop-signals.js";
export { createMetrics, type Metrics } from "./metrics.js";
export { PROBLEM_TYPE, type ProblemExtra, problem, problemHeaders } from "./problem.js";
export { type Answer, type Auth, type Context, defineRoute, type Reply, type Route } from "./route.js";
export { need, StartError } from "./start-error.js";

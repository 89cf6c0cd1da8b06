export { runAgentCli } from "./agent-cli.js";
export { runBrokerCli } from "./broker-cli.js";
export type { Io } from "./io.js";

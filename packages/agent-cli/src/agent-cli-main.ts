import { runAgentCli } from "./agent-cli.js";
import { runProcess } from "./process-io.js";

await runProcess(runAgentCli);

import { runBrokerCli } from "./broker-cli.js";
import { runProcess } from "./process-io.js";

await runProcess(runBrokerCli);

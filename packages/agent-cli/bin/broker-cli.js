#!/usr/bin/env node
import { runBrokerCli, runProcess } from "../dist/index.js";

await runProcess(runBrokerCli);

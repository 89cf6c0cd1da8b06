#!/usr/bin/env node
import { runAgentCli, runProcess } from "../dist/index.js";

await runProcess(runAgentCli);

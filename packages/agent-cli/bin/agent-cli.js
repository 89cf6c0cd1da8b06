#!/usr/bin/env node
import "../dist/agent-cli-main.js";

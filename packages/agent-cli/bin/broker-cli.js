#!/usr/bin/env node
import "../dist/broker-cli-main.js";

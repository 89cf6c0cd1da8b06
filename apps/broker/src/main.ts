#!/usr/bin/env node
import { opensOf } from "@seb/schema";
import { runMain } from "@seb/service-kit";
import { openBroker } from "./deps.js";
import { type BrokerSettings, checkBrokerSettings, readBrokerSettings } from "./main-config.js";

const code = await runMain<BrokerSettings>(
  {
    name: "broker",
    opens: opensOf("broker"),
    read: readBrokerSettings,
    check: checkBrokerSettings,
    address: ({ service }) => service,
    open: (settings, round) => openBroker(settings, round),
  },
  process.argv.slice(2),
);
// Whatever a client library still holds open must not keep a stopped service alive.
process.exit(code);

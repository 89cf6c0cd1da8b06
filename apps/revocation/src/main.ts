#!/usr/bin/env node
import { opensOf } from "@seb/schema";
import { runMain } from "@seb/service-kit";
import { openRevocation } from "./deps.js";
import { checkRevocationSettings, type RevocationSettings, readRevocationSettings } from "./main-config.js";

const code = await runMain<RevocationSettings>(
  {
    name: "revocation",
    opens: opensOf("revocation"),
    read: readRevocationSettings,
    check: checkRevocationSettings,
    address: ({ service }) => service,
    open: openRevocation,
  },
  process.argv.slice(2),
);
// Whatever a client library still holds open must not keep a stopped service alive.
process.exit(code);

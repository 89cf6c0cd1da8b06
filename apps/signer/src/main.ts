#!/usr/bin/env node
import { opensOf } from "@seb/schema";
import { runMain } from "@seb/service-kit";
import { openSigner } from "./deps.js";
import { checkSignerSettings, readSignerSettings, type SignerSettings } from "./main-config.js";

const code = await runMain<SignerSettings>(
  {
    name: "signer",
    opens: opensOf("signer"),
    read: readSignerSettings,
    check: checkSignerSettings,
    address: ({ service }) => service,
    open: (settings, round) => openSigner(settings, round),
  },
  process.argv.slice(2),
);
// Whatever a client library still holds open must not keep a stopped service alive.
process.exit(code);

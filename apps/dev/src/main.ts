#!/usr/bin/env node
import { parseArgs } from "node:util";
import { CODES } from "@seb/schema";
import { stopSignal } from "@seb/service-kit";
import { DevError } from "./failure.js";
import { hints } from "./hints.js";
import { startDev } from "./start-dev.js";

const USAGE = "usage: seb dev [--folder DIR] [--port-base N] [--json]";

function readArguments() {
  const { values } = parseArgs({
    options: {
      folder: { type: "string", default: ".seb" },
      "port-base": { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const base = values["port-base"] === undefined ? undefined : Number(values["port-base"]);
  if (base !== undefined && !(Number.isInteger(base) && base >= 1024 && base <= 65_532)) throw new TypeError(USAGE);
  const ports = base === undefined ? {} : { signer: base, broker: base + 1, revocation: base + 2 };
  return { folder: values.folder, ports, json: values.json };
}

async function main(): Promise<number> {
  let settings: ReturnType<typeof readArguments>;
  try {
    settings = readArguments();
  } catch {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  const stopped = stopSignal();
  const { folder, ports, json } = settings;
  try {
    const dev = await startDev({ folder, ports, log: (line) => process.stderr.write(`seb dev: ${line}\n`) });
    for (const [name, why] of Object.entries(dev.notReady))
      process.stderr.write(`seb dev: ${name} is not ready: ${why}\n`);
    const ready = {
      ready: Object.keys(dev.notReady).length === 0,
      pid: process.pid,
      folder: dev.folder,
      urls: dev.urls,
      control: dev.control.url,
    };
    process.stdout.write(json ? `${JSON.stringify(ready)}\n` : hints(dev));
    const signal = await stopped;
    process.stderr.write(`seb dev: ${signal}: draining\n`);
    await dev.stop();
    return 0;
  } catch (error) {
    if (!(error instanceof DevError)) throw error;
    const { code, detail } = error.failure;
    process.stderr.write(`seb dev: ${code}: ${detail}\n${CODES[code].remedy}\n`);
    return CODES[code].exit || 1;
  }
}

process.exitCode = await main();

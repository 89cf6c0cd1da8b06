import { existsSync, readdirSync } from "node:fs";
import { fail, ok, type Result } from "@seb/schema";
import type { Command } from "commander";
import { collect, finish, type Host, type Invocation } from "../command.js";
import { done, type Outcome, refused } from "../outcome.js";
import { writeWhole } from "../write-file.js";
import { makeFolders, writeControl } from "./control.js";
import { makeKeys, ownersOf } from "./keys.js";
import { nextSteps } from "./next-steps.js";
import { DEFAULTS, type Plan, planOf } from "./plan.js";
import { writeServerUsers } from "./server-users.js";
import { writeSettings } from "./settings-files.js";
import { writeTrust } from "./trust.js";

async function write(plan: Plan, nowSeconds: number): Promise<Result<void>> {
  const owners = await ownersOf(plan);
  if (!owners.ok) return owners;
  const entries = await makeKeys(plan, nowSeconds);
  if (!entries.ok) return entries;
  const thumbprints = writeTrust(plan, owners.value, entries.value, nowSeconds);
  writeSettings(plan, thumbprints);
  writeControl(plan);
  makeFolders(plan);
  writeServerUsers(plan);
  return ok(undefined);
}

async function init(invocation: Invocation): Promise<Outcome> {
  const { io } = invocation;
  const plan = planOf(invocation);
  if (!plan.ok) return refused(plan.error);
  const { folder } = plan.value;
  if (existsSync(folder) && readdirSync(folder).length > 0)
    return refused(fail("usage", `${folder} is not empty: an environment is made once`).error);
  const written = await write(plan.value, Math.floor(io.nowMs() / 1000));
  if (!written.ok) return refused(written.error);
  const steps = nextSteps(plan.value, io.cwd);
  writeWhole(plan.value.at("NEXT-STEPS.md"), steps);
  return done(
    { ok: true, environment: plan.value.names.environment, folder, next: plan.value.at("NEXT-STEPS.md") },
    steps,
  );
}

/** `seb init`: everything that a new environment of separate processes begins with. */
export function addInit(program: Command, host: Host): void {
  const { signerUrl, brokerUrl, revocationUrl, redis, nats, natsMonitor } = DEFAULTS;
  finish(
    program
      .command("init")
      .description("Write settings, keys, control folder and unsigned trust file of a new environment")
      .requiredOption("--env <name>", "what it is called, e.g. prod")
      .requiredOption("--out <dir>", "a new folder")
      .option(
        "--owner <file>",
        "an owner's public JWK or key file; may be repeated (default: two keys are made)",
        collect,
      )
      .option("--threshold <n>", "owners that must sign (default: all)")
      .option("--signer-url <url>", `where agents reach the signer (default ${signerUrl})`)
      .option("--broker-url <url>", `where agents reach the broker (default ${brokerUrl})`)
      .option("--broker-2-url <url>", "where agents reach a second broker beside the first (default: there is none)")
      .option("--revocation-url <url>", `where operators reach the revocation service (default ${revocationUrl})`)
      .option("--host <address>", "address that the services listen on (default 127.0.0.1)")
      .option("--redis <url>", `the shared store (default ${redis})`)
      .option("--nats <url>", `feed and records (default ${nats})`)
      .option(
        "--nats-monitor <url>",
        `base of NATS' monitoring, by which its settings are checked (default ${natsMonitor})`,
      ),
    host,
    [
      "seb init --env prod --out prod",
      "seb init --env prod --out prod --owner ann.jwk.json --owner ben.jwk.json --redis rediss://redis:6379 --nats tls://nats:4222 --host 0.0.0.0",
    ],
    init,
  );
}

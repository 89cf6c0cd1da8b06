import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { audienceOfKey, CODES, fail, ok, type Result, type TrustPayload } from "@seb/schema";
import { generateKeyFile, KEY_ROLES, type KeyFile, publicOf } from "@seb/seal";
import type { Command } from "commander";
import { collect, finish, group, type Host, type Invocation } from "../command.js";
import { readKey } from "../key-files.js";
import { done, type Outcome, refused } from "../outcome.js";
import { table, timeOf } from "../tables.js";
import { entryOf, readPayload, signAndWrite, withKey, withRotation } from "../trust-draft.js";
import { loadTrust, type Pins, readPins } from "../trust-file.js";
import { writeWhole } from "../write-file.js";

const YEAR_DAYS = 365;
const DAY_SECONDS = 86_400;

function numberOf(value: unknown, byDefault: number, most: number): Result<number> {
  if (value === undefined) return ok(byDefault);
  const number = Number(value);
  return Number.isInteger(number) && number >= 0 && number <= most
    ? ok(number)
    : fail("usage", `a number from 0 to ${most}`);
}

function readKeys({ flags, io }: Invocation, flag: "owner" | "key"): Result<readonly KeyFile[]> {
  const files = Array.isArray(flags[flag]) ? flags[flag].map(String) : [];
  const keys: KeyFile[] = [];
  for (const file of files) {
    const path = resolve(io.cwd, file);
    const wanted = flag === "owner" ? (["owner"] as const) : KEY_ROLES;
    const read = wanted.map((role) => readKey(path, role));
    const found = read.find((one) => one.ok) ?? read[0];
    if (found === undefined || !found.ok) return found ?? fail("setting_missing", `cannot open ${path}`);
    keys.push(found.value);
  }
  return keys.length > 0 ? ok(keys) : fail("usage", `give --${flag}: a key file; may be repeated`);
}

async function finishDraft(
  invocation: Invocation,
  payload: TrustPayload,
  pins: Pins,
  earlier?: string,
): Promise<Outcome> {
  const owners = readKeys(invocation, "owner");
  if (!owners.ok) return refused(owners.error);
  const { settings, flags, io } = invocation;
  const path = typeof flags.out === "string" ? ok(resolve(io.cwd, flags.out)) : settings.get("trust");
  if (!path.ok) return refused(path.error);
  const nowSeconds = Math.floor(io.nowMs() / 1000);
  const to = { path: path.value, pins, nowSeconds, ...(earlier === undefined ? {} : { earlier }) };
  const signed = await signAndWrite(payload, owners.value, to);
  if (!signed.ok) return refused(signed.error);
  const { version, complete } = signed.value;
  const word = complete
    ? "complete"
    : `signed by too few of ${pins.threshold} owners: the next one runs seb trust sign ${path.value}`;
  const outcome = done(
    { ok: true, file: path.value, version, complete },
    `${path.value}: version ${version}, ${word}\n`,
  );
  return complete ? outcome : { ...outcome, exit: CODES.approval_pending.exit };
}

async function init(invocation: Invocation): Promise<Outcome> {
  const { settings, flags, io } = invocation;
  const owners = readKeys(invocation, "owner");
  const keys = readKeys(invocation, "key");
  if (!owners.ok) return refused(owners.error);
  if (!keys.ok) return refused(keys.error);
  const pinsPath = settings.get("pins");
  if (!pinsPath.ok) return refused(pinsPath.error);
  if (existsSync(pinsPath.value)) return refused(fail("usage", `${pinsPath.value} exists: trust is made once`).error);
  const threshold = numberOf(flags.threshold, owners.value.length, 16);
  if (!threshold.ok || threshold.value < 1)
    return refused(fail("usage", "--threshold is 1 to the number of owners").error);
  const { audience, brokerAudience } = flags;
  if (typeof audience !== "string" || typeof brokerAudience !== "string")
    return refused(fail("usage", "--audience and --broker-audience are needed").error);
  const nowSeconds = Math.floor(io.nowMs() / 1000);
  const names = { broker: brokerAudience, environment: audience };
  const entries = [];
  for (const key of keys.value) {
    const entry = entryOf(key, audienceOfKey(key, names), YEAR_DAYS, nowSeconds);
    if (!entry.ok) return refused(entry.error);
    entries.push(entry.value);
  }
  const jwks = owners.value.map((owner) => publicOf(owner).jwk);
  const pins = { owners: owners.value.map((owner) => publicOf(owner).kid), threshold: threshold.value };
  const exp = nowSeconds + YEAR_DAYS * DAY_SECONDS;
  const outcome = await finishDraft(
    invocation,
    { ver: 1, version: 1, iat: nowSeconds, exp, owners: jwks, keys: entries },
    pins,
  );
  if (outcome.exit === 0 || outcome.exit === 4) writeWhole(pinsPath.value, `${JSON.stringify(pins, null, 2)}\n`);
  return outcome;
}

/** The payload in force and its pins; the next version is made from a file that verifies, never from another. */
async function current({ settings, io }: Invocation): Promise<Result<{ payload: TrustPayload; pins: Pins }>> {
  const trust = await loadTrust(settings, io.nowMs());
  if (!trust.ok) return trust;
  const path = settings.get("trust");
  const pinsPath = settings.get("pins");
  if (!path.ok) return path;
  if (!pinsPath.ok) return pinsPath;
  const read = readPayload(path.value);
  if (!read.ok) return read;
  const pins = readPins(pinsPath.value);
  return pins.ok ? ok({ payload: read.value.payload, pins: pins.value }) : pins;
}

async function change(invocation: Invocation, how: "add" | "rotate"): Promise<Outcome> {
  const { flags, io } = invocation;
  const found = await current(invocation);
  if (!found.ok) return refused(found.error);
  const { payload, pins } = found.value;
  const keys = readKeys(invocation, "key");
  if (!keys.ok) return refused(keys.error);
  const days = numberOf(flags.days, YEAR_DAYS, 3650);
  const overlap = numberOf(flags.overlapSeconds, 120, 604_800);
  if (!days.ok || !overlap.ok) return refused(fail("usage", "--days and --overlap-seconds are whole numbers").error);
  const nowSeconds = Math.floor(io.nowMs() / 1000);
  let next = payload;
  for (const key of keys.value) {
    const earlier = payload.keys.find(({ role, name }) => role === key.role && name === key.name);
    const sameRole = payload.keys.find(({ role }) => role === key.role);
    const audience = typeof flags.audience === "string" ? flags.audience : (earlier ?? sameRole)?.aud;
    if (audience === undefined)
      return refused(fail("usage", "--audience is needed: no key of that role is there yet").error);
    const entry = entryOf(key, audience, days.value, nowSeconds);
    if (!entry.ok) return refused(entry.error);
    const changed =
      how === "add"
        ? withKey(next, entry.value, nowSeconds)
        : withRotation(next, entry.value, overlap.value, nowSeconds);
    if (!changed.ok) return refused(changed.error);
    next = { ...changed.value, version: payload.version + 1 };
  }
  return finishDraft(invocation, next, pins);
}

async function sign(invocation: Invocation): Promise<Outcome> {
  const path = resolve(invocation.io.cwd, invocation.args[0] ?? "");
  const draft = readPayload(path);
  if (!draft.ok) return refused(draft.error);
  const pinsPath = invocation.settings.get("pins");
  if (!pinsPath.ok) return refused(pinsPath.error);
  const pins = readPins(pinsPath.value);
  if (!pins.ok) return refused(pins.error);
  const out = typeof invocation.flags.out === "string" ? invocation.flags.out : path;
  const flags = { ...invocation.flags, out };
  return finishDraft({ ...invocation, flags }, draft.value.payload, pins.value, draft.value.text);
}

async function verify({ settings, io }: Invocation): Promise<Outcome> {
  const trust = await loadTrust(settings, io.nowMs());
  if (!trust.ok) return refused(trust.error);
  const { version, digest } = trust.value;
  const keys = trust.value.keys().map(({ kid, role, name, aud, nbf, exp }) => ({ kid, role, name, aud, nbf, exp }));
  const rows = keys.map(({ kid, role, name, aud, exp }) => [role, name, aud, timeOf(exp * 1000), kid]);
  const text = `version ${version}, ${digest}\n${table(["role", "name", "audience", "until", "kid"], rows)}`;
  return done({ ok: true, version, digest, keys }, text);
}

async function keygen({ args, flags, io }: Invocation): Promise<Outcome> {
  const [roleName = "", name = ""] = args;
  const role = KEY_ROLES.find((known) => known === roleName);
  if (role === undefined || !/^[a-z][a-z0-9:./-]{0,99}$/.test(name))
    return refused(fail("usage", `a role (${KEY_ROLES.join(", ")}) and a name are needed`).error);
  if (typeof flags.out !== "string") return refused(fail("usage", "--out is needed").error);
  const path = resolve(io.cwd, flags.out);
  if (existsSync(path)) return refused(fail("usage", `${path} exists: keys are not overwritten`).error);
  const key = await generateKeyFile(role, name);
  writeWhole(path, `${JSON.stringify(key, null, 2)}\n`, 0o600);
  const { kid, jwk } = publicOf(key);
  return done({ ok: true, file: path, role, name, kid, jwk }, `${path}\n${kid}\n`);
}

/** `seb trust init|add|rotate|sign|verify|keygen`. */
export function addTrust(program: Command, host: Host): void {
  const trust = group(program, "trust", "The trust file: which key may sign what", [
    "seb trust verify",
    "seb trust keygen order dave --out operator-dave.json",
    "seb trust add --key operator-dave.json --owner o1.json --owner o2.json",
  ]);
  const on = (command: Command) =>
    command
      .option("--trust <file>", "trust file (SEB_TRUST)")
      .option("--pins <file>", "pinned owners (SEB_TRUST_PINS)");
  const signed = (command: Command) =>
    on(command)
      .option("--owner <file>", "an owner's key file; may be repeated", collect)
      .option("--out <file>", "write the result here instead");
  const keyed = (command: Command) =>
    signed(command)
      .option("--key <file>", "a key file; only the public half is used; may be repeated", collect)
      .option("--audience <name>", "whom the key serves, e.g. env:dev");
  finish(
    keyed(trust.command("init").description("Make the first trust file and pin its owners"))
      .option(
        "--broker-audience <name>",
        "whom keys of certificates, observations and brokers' records serve, e.g. broker:dev",
      )
      .option("--threshold <n>", "owners that must sign (default: all given)"),
    host,
    [
      "seb trust init --owner o1.json --owner o2.json --key signer.json --key status.json --audience env:prod --broker-audience broker:prod",
    ],
    init,
  );
  for (const how of ["add", "rotate"] as const) {
    const summary =
      how === "add"
        ? "Add a key: the next version"
        : "Put a key in the place of its owner's earlier one: the next version";
    finish(
      keyed(trust.command(how).description(summary))
        .option("--days <n>", "days that the key is valid (default 365)")
        .option("--overlap-seconds <n>", "how long earlier keys stay valid when rotated (default 120)"),
      host,
      [
        `seb trust ${how} --key signer-2.json --owner o1.json --owner o2.json`,
        `seb trust ${how} --key signer-2.json --owner o1.json --out next.json   # exit 4`,
      ],
      (invocation) => change(invocation, how),
    );
  }
  finish(
    signed(trust.command("sign").argument("<file>", "a version that too few owners signed")).description(
      "Add an owner's signature",
    ),
    host,
    ["seb trust sign next.json --owner o2.json"],
    sign,
  );
  finish(
    on(trust.command("verify").description("Verify the trust file against the pins")),
    host,
    ["seb trust verify"],
    verify,
  );
  finish(
    trust
      .command("keygen")
      .argument("<role>", KEY_ROLES.join(", "))
      .argument("<name>", "issuer, instance, operator or person")
      .description("Make a private key file (mode 0600)")
      .option("--out <file>", "where"),
    host,
    ["seb trust keygen order dave --out operator-dave.json"],
    keygen,
  );
}

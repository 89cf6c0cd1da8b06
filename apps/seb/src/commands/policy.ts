import { cedarSchema } from "@seb/catalogue";
import { fail, ok, type Result, WIRE_NOW } from "@seb/schema";
import type { Command } from "commander";
import { askRevocations } from "../api.js";
import { collect, finish, group, type Host, type Invocation } from "../command.js";
import { actionsOf, bundlesIn, installBundle, packFolder } from "../control-folder.js";
import { giveOrder } from "../orders.js";
import { done, type Outcome, refused } from "../outcome.js";
import { TEST_TIMEOUT_MS, testFolder } from "../policy-test.js";
import { checkWire } from "../wire-check.js";
import { writeWhole } from "../write-file.js";

const DIGEST_PREFIX = /^(?:sha256:)?([0-9a-f]{8,64})$/;

async function pack({ settings, flags }: Invocation): Promise<Outcome> {
  const folder = settings.get("control");
  if (!folder.ok) return refused(folder.error);
  const packed = packFolder(folder.value);
  if (!packed.ok) return refused(packed.error);
  const { digest, text, files } = packed.value;
  if (typeof flags.out === "string") writeWhole(flags.out, text);
  else {
    const bundles = settings.get("bundles");
    if (!bundles.ok) return refused(bundles.error);
    installBundle(bundles.value, packed.value);
  }
  return done({ ok: true, digest, files }, `${digest}\n`);
}

/** Needs the folder's actions and nothing else of it: an editor is most useful while a policy is still wrong. */
async function schema({ settings, flags }: Invocation): Promise<Outcome> {
  const folder = settings.get("control");
  if (!folder.ok) return refused(folder.error);
  const actions = actionsOf(folder.value);
  if (!actions.ok) return refused(actions.error);
  const text = cedarSchema(actions.value);
  if (typeof flags.out !== "string") return done({ ok: true, actions: actions.value, schema: text }, text);
  writeWhole(flags.out, text);
  return done({ ok: true, actions: actions.value, out: flags.out }, `wrote ${flags.out}\n`);
}

/** What activating keeps of its time for sending the orders, in milliseconds. */
const ORDERS_NEED_MS = 2000;

async function test(invocation: Invocation): Promise<Outcome> {
  const folder = invocation.settings.get("control");
  if (!folder.ok) return refused(folder.error);
  const tested = await testFolder(folder.value, invocation.deadline.remainingMs());
  if (!tested.ok) return refused(tested.error);
  const { digest, tests } = tested.value;
  return done({ ok: true, digest, tests }, `${tests} policy tests passed; the folder makes the bundle ${digest}\n`);
}

async function activate(invocation: Invocation): Promise<Outcome> {
  const { settings } = invocation;
  const folder = settings.get("control");
  if (!folder.ok) return refused(folder.error);
  const bundles = settings.get("bundles");
  if (!bundles.ok) return refused(bundles.error);
  const leftMs = invocation.deadline.remainingMs();
  const tested = await testFolder(folder.value, Math.max(leftMs / 2, leftMs - ORDERS_NEED_MS));
  if (!tested.ok) return refused(tested.error);
  installBundle(bundles.value, tested.value);
  return activateDigest(invocation, tested.value.digest, "activated");
}

async function activateDigest(invocation: Invocation, digest: string, word: string): Promise<Outcome> {
  // Before any operator signs: from the second order on, writers may emit what a service that was left out cannot open.
  const opened = await checkWire(invocation, WIRE_NOW);
  if (!opened.ok) return refused(opened.error);
  return giveOrder(
    invocation,
    { do: "activate", bundle: digest, wire: WIRE_NOW },
    2,
    (answer) => `${word} ${digest} (view ${answer.seq})\n`,
  );
}

const LIST_REMEDY = "Name one of those that seb policy list shows.";

/** A bundle of the folder by the first 8 or more digits of its digest. */
function bundleBy(prefix: string, folder: string): Result<string, "usage" | "bundle_unknown"> {
  const hex = DIGEST_PREFIX.exec(prefix)?.[1];
  if (hex === undefined) return fail("usage", "a bundle is named by 8 or more digits of its digest");
  const found = bundlesIn(folder).filter((digest) => digest.startsWith(`sha256:${hex}`));
  const [only] = found;
  if (only !== undefined && found.length === 1) return ok(only);
  if (only !== undefined)
    return fail("usage", `${found.length} bundles in ${folder} begin with these digits: give more`);
  return fail("bundle_unknown", `no bundle in ${folder} begins with these digits`);
}

async function rollback(invocation: Invocation): Promise<Outcome> {
  const bundles = invocation.settings.get("bundles");
  if (!bundles.ok) return refused(bundles.error);
  const digest = bundleBy(invocation.args[0] ?? "", bundles.value);
  if (digest.ok) return activateDigest(invocation, digest.value, "rolled back to");
  return refused(digest.error.code === "usage" ? digest.error : { ...digest.error, remedy: LIST_REMEDY });
}

async function list(invocation: Invocation): Promise<Outcome> {
  const folder = invocation.settings.get("bundles");
  if (!folder.ok) return refused(folder.error);
  const answer = await askRevocations(invocation);
  if (!answer.ok) return refused(answer.error);
  const active = answer.value.bundle;
  const bundles = bundlesIn(folder.value).map((digest) => ({ digest, active: digest === active }));
  const lines = bundles.map(({ digest, active: isActive }) => `${digest}${isActive ? "  active" : ""}\n`);
  return done({ ok: true, bundles }, lines.join(""));
}

/** `seb policy pack|test|schema|activate|rollback|list`. */
export function addPolicy(program: Command, host: Host): void {
  const policy = group(program, "policy", "Control bundles: what agents may do", [
    "seb policy test",
    'seb policy activate --reason "close the window" --operator alice.json --operator bob.json',
    'seb policy rollback 0b768144 --reason "the new window was wrong"',
  ]);
  const onFolder = (name: string, summary: string) =>
    policy.command(name).description(summary).option("--control <dir>", "control folder (SEB_CONTROL)");
  const bundles = (command: Command) => command.option("--bundles <dir>", "folder of bundles (SEB_BUNDLES)");
  const ordered = (command: Command) =>
    bundles(command)
      .option("--reason <text>", "why, in one line; it stands in the journal")
      .option("--operator <file>", "an operator's key file (SEB_OPERATOR_KEYS); may be repeated", collect)
      .option("--trust <file>", "trust file (SEB_TRUST)")
      .option("--pins <file>", "the trust file's pinned owners (SEB_TRUST_PINS)")
      .option("--revocation-url <url>", "the revocation service (SEB_REVOCATION_URL)")
      .option("--signer-url <url>", "the signer, asked what it can open (SEB_SIGNER_URL)")
      .option("--broker-url <url>", "a broker, asked what it can open (SEB_BROKER_URL); may be repeated", collect)
      .option(
        "--without <service>",
        "go on although this signer, broker or revocation service does not answer what it can open; may be repeated",
        collect,
      );
  finish(
    bundles(onFolder("pack", "Check a control folder and pack it")).option("--out <file>", "write the bundle here"),
    host,
    ["seb policy pack", "seb policy pack --control control --out bundle.json"],
    pack,
  );
  finish(
    onFolder("test", "Compile the policies and run their tests"),
    host,
    ["seb policy test"],
    test,
    TEST_TIMEOUT_MS,
  );
  finish(
    onFolder("schema", "Write the Cedar schema that the policies are compiled with, for editors").option(
      "--out <file>",
      "write it here; outside of the control folder, which holds no copy",
    ),
    host,
    ["seb policy schema", "seb policy schema --out seb.cedarschema"],
    schema,
  );
  finish(
    ordered(
      onFolder(
        "activate",
        "Pack, test, install and activate a control folder: two operators' orders within 10 minutes",
      ),
    ),
    host,
    [
      'seb policy activate --reason "close the window" --operator keys/operator-alice.json --operator keys/operator-bob.json',
      'seb policy activate --reason "close the window" --operator alice.json   # exit 4: the second operator does the same',
    ],
    activate,
  );
  finish(
    ordered(
      policy.command("rollback").argument("<digest>", "8 or more digits of an installed bundle's digest"),
    ).description("Activate an earlier bundle again: two operators' orders"),
    host,
    ['seb policy rollback 0b768144 --reason "the new window was wrong"'],
    rollback,
  );
  finish(
    bundles(policy.command("list").description("List installed bundles and which one is active")).option(
      "--revocation-url <url>",
      "the revocation service (SEB_REVOCATION_URL)",
    ),
    host,
    ["seb policy list"],
    list,
  );
}

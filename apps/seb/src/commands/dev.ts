import { resolve } from "node:path";
import { fail } from "@seb/schema";
import type { Command } from "commander";
import { finish, type Host, type Invocation } from "../command.js";
import { askDev, type Services } from "../dev-control.js";
import { devMain, runCaptured, runForeground } from "../dev-process.js";
import { done, type Outcome, refused } from "../outcome.js";

const noBuild = () => refused(fail("setting_missing", "the build of apps/dev is missing: run npm run build").error);

function states({ services }: Services): string {
  return Object.entries(services)
    .map(([name, { state, url }]) => `${name.padEnd(11)} ${state.padEnd(8)} ${url}\n`)
    .join("");
}

/** The folder to start in: as usual, else a new `.seb` here. */
const folderOf = ({ settings, io }: Invocation) => settings.folder?.value ?? resolve(io.cwd, ".seb");

async function start(invocation: Invocation): Promise<Outcome> {
  const main = devMain("main");
  if (main === undefined) return noBuild();
  const { flags } = invocation;
  const args = ["--folder", folderOf(invocation)];
  if (typeof flags.portBase === "string") args.push("--port-base", flags.portBase);
  if (flags.json === true) args.push("--json");
  return { exit: await runForeground(main, args), json: undefined, text: "" };
}

async function change(invocation: Invocation, does: "start" | "stop"): Promise<Outcome> {
  const [service = ""] = invocation.args;
  if (!["signer", "broker", "revocation"].includes(service))
    return refused(fail("usage", "the services are signer, broker, revocation").error);
  const answer = await askDev(invocation, { does, service });
  return answer.ok ? done({ ok: true, ...answer.value }, states(answer.value)) : refused(answer.error);
}

async function status(invocation: Invocation): Promise<Outcome> {
  const answer = await askDev(invocation, { does: "status" });
  return answer.ok ? done({ ok: true, ...answer.value }, states(answer.value)) : refused(answer.error);
}

async function attest(invocation: Invocation): Promise<Outcome> {
  const main = devMain("attest-main");
  if (main === undefined) return noBuild();
  const { flags, io } = invocation;
  const args = ["--folder", folderOf(invocation)];
  for (const [flag, value] of [
    ["--image-digest", flags.imageDigest],
    ["--name", flags.name],
    ["--result", flags.result],
    ["--out", typeof flags.out === "string" ? resolve(io.cwd, flags.out) : undefined],
  ] as const) {
    if (typeof value === "string") args.push(flag, value);
  }
  const ran = await runCaptured(main, args, invocation.deadline.remainingMs());
  if (ran.exit === 0) return done({ ok: true, file: ran.stdout.trim() }, ran.stdout);
  if (ran.late) return refused(fail("deadline_exceeded", "the attestation was not made in time").error);
  const failure = fail("usage", ran.stderr.trim() || "the attestation could not be made").error;
  return { ...refused(failure), exit: ran.exit };
}

/** `seb dev` and its subcommands. */
export function addDev(program: Command, host: Host): void {
  const dev = program
    .command("dev")
    .description("Run signer, broker and revocation on this machine, in the foreground");
  finish(
    dev.option("--port-base <n>", "signer on this port, broker and revocation on the next two (default: any)"),
    host,
    ["seb dev", "seb dev --folder /tmp/try/.seb --port-base 7400", "seb dev stop signer"],
    start,
  );
  for (const does of ["stop", "start"] as const) {
    finish(
      dev
        .command(does)
        .argument("<service>", "signer, broker or revocation")
        .description(`${does} one service of a running seb dev`),
      host,
      [`seb dev ${does} signer`],
      (invocation) => change(invocation, does),
    );
  }
  finish(
    dev.command("status").description("Which services of a running seb dev run"),
    host,
    ["seb dev status"],
    status,
  );
  finish(
    dev
      .command("attest")
      .description("Make a signed test result for an image, as the dev builder")
      .requiredOption("--image-digest <digest>", "sha256: and 64 hexadecimal digits")
      .option("--name <repository>", "the service's image repository (default registry.example/checkout)")
      .option("--result <result>", "PASSED, WARNED or FAILED (default PASSED)")
      .requiredOption("--out <file>", "where the envelope is written"),
    host,
    ["seb dev attest --image-digest sha256:... --out attestation.json"],
    attest,
  );
}

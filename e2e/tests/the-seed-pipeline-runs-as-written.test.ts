import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { runCommand, silentServer } from "@seb/testkit";
import { parse, stringify } from "yaml";
import { http } from "../harness/agent.js";
import { ROOT } from "../harness/build.js";
import { type Environment, startEnvironment, until } from "../harness/environment.js";
import { payloadOf } from "../harness/json.js";
import { verdictCounts } from "../harness/metrics.js";
import { installCommands, makeCheckout, readSteps, runPipeline } from "../seed/pipeline.mjs";

const COMMAND_LIMIT_MS = 9000;
const FILE = join(ROOT, "examples", "pipelines", "seed.yaml");
const WAYS = [
  ["with GITHUB_ENV", true],
  ["without GITHUB_ENV", false],
] as const;

let world: Environment;
let commands: string;
/** Agent's settings as `seb dev` wrote them, with the key's path made absolute. */
let settings: Record<string, unknown>;
let head: string;
let counts: Readonly<Record<string, number>>;
let from: { readonly broker: number; readonly signer: number };

beforeAll(async () => {
  world = await startEnvironment();
  commands = installCommands(ROOT, join(world.folder, "bin"));
  const evidence = [{ type: "attestation", file: join(world.seb, "attestations", "checkout.json") }];
  settings = {
    ...parse(readFileSync(join(world.seb, "agent.yaml"), "utf8")),
    key: join(world.seb, "keys", "agent.json"),
    evidence,
  };
});
afterAll(() => world?.cleanup());
beforeEach(async () => {
  head = world.gitops.head();
  counts = await verdictCounts(world.urls.broker);
  from = { broker: world.ledger.of("broker").length, signer: world.ledger.of("signer").length };
});
// In shadow nothing is changed, whatever comes of it.
afterEach(() => expect(world.gitops.head()).toBe(head));

/** A checkout of its own for a way of running and its settings. */
function checkout(name: string, changes: Record<string, unknown> = {}): string {
  return makeCheckout(join(world.folder, name), stringify({ ...settings, ...changes }));
}

/** Runs the file as it is. The last step, which was there before, runs in any case and once. */
async function run(folder: string, github: boolean) {
  const home = join(folder, "home");
  mkdirSync(home, { recursive: true });
  rmSync(join(folder, "deployed"), { force: true });
  const githubEnv = join(folder, "github-env");
  const steps = readSteps(FILE);
  const { results, succeeded } = await runPipeline({
    steps,
    checkout: folder,
    commands,
    home,
    ...(github ? { githubEnv } : {}),
  });
  expect(succeeded).toBe(true);
  expect(readFileSync(join(folder, "deployed"), "utf8")).toBe("checkout us-east-1\n");
  for (const { ms } of results) expect(ms).toBeLessThan(COMMAND_LIMIT_MS);
  const given = github ? readFileSync(githubEnv, "utf8").trim().split("\n") : [];
  const [request, verify] = results;
  return { exits: results.map(({ exit }) => exit), certificate: request?.stdout.trim() ?? "", verify, given };
}

/** One command line in a checkout, in a shell of its own that knows PATH and HOME only. */
function shell(folder: string, line: string, env: Record<string, string> = {}) {
  const path = [commands, dirname(process.execPath), "/usr/bin", "/bin"].join(":");
  const variables = Object.entries({ PATH: path, HOME: join(folder, "home"), ...env });
  const args = ["-i", ...variables.map(([name, value]) => `${name}=${value}`), "sh", "-c", line];
  return runCommand({ command: "/usr/bin/env", args, cwd: folder, env: {}, timeoutMs: 30_000 });
}

/** What the broker counted and recorded since the test began. */
async function counted() {
  const now = await verdictCounts(world.urls.broker);
  const risen = Object.entries(now).filter(([verdict, count]) => count !== (counts[verdict] ?? 0));
  const records = world.ledger.of("broker").slice(from.broker);
  return {
    metrics: Object.fromEntries(risen.map(([verdict, count]) => [verdict, count - (counts[verdict] ?? 0)])),
    records: records.filter(({ kind }) => ["verification", "refusal"].includes(kind)),
  };
}

it("the example is the pipeline of the document, and nothing in it knows of this test", () => {
  expect(readSteps(FILE)).toEqual([
    {
      name: "request-certificate",
      run: "agent-cli request-cert --action deploy --service checkout --region us-east-1",
      continueOnError: true,
    },
    { name: "broker-shadow-check", run: 'broker-cli verify --cert "$CERT" --shadow', continueOnError: true },
    { name: "existing-deploy", run: "./deploy.sh checkout us-east-1", continueOnError: false },
  ]);
});

describe.each(WAYS)("%s", (_way, github) => {
  const folder = (name: string) => `${name}-${github ? "github" : "plain"}`;

  it("allowed: a certificate comes out of the first step, and the second finds that it would execute", async () => {
    const { exits, certificate, verify, given } = await run(checkout(folder("allow")), github);
    expect(exits).toEqual([0, 0, 0]);
    const { jti, action, resource } = payloadOf(certificate);
    expect({ action, resource }).toEqual({ action: "deploy", resource: "service:checkout/region:us-east-1" });
    expect(verify?.stdout).toContain("would_execute");
    if (github) expect(given.at(-1)).toBe(`CERT=${certificate}`);
    const { metrics, records } = await counted();
    expect(metrics).toEqual({ would_execute: 1 });
    expect(records).toMatchObject([{ kind: "verification", body: { verdict: "would_execute", cert_id: jti } }]);
  });

  it("refused by the signer: the second step reports that refusal by its request", async () => {
    const { exits, certificate, given } = await run(checkout(folder("refuse"), { evidence: [] }), github);
    expect({ exits, certificate }).toEqual({ exits: [1, 1, 0], certificate: "" });
    const [denied] = world.ledger.of("signer").slice(from.signer);
    expect(denied).toMatchObject({ kind: "denied", body: { code: "policy_denied" } });
    const request = denied?.body.request;
    expect(request).toMatch(/^r_/);
    if (github) expect(given.at(-1)).toBe(`CERT=none:${request}`);
    const { metrics, records } = await counted();
    expect(metrics).toEqual({ no_certificate_refused: 1 });
    expect(records).toMatchObject([{ kind: "refusal", body: { code: "certificate_absent", request, shadow: true } }]);
  });

  it("the broker would refuse: the second step says why", async () => {
    const ceilings = join(world.seb, "ceilings.yaml");
    const before = readFileSync(ceilings, "utf8");
    const restart = async (text: string) => {
      writeFileSync(ceilings, text);
      await world.stopService("broker");
      await world.startService("broker");
      await until("the broker is ready", async () => (await http(`${world.urls.broker}/readyz`)).status === 200);
    };
    await restart(stringify({ ...parse(before), actions: ["scale"] }));
    counts = await verdictCounts(world.urls.broker);
    const { exits, certificate, verify } = await run(checkout(folder("would-refuse")), github);
    expect(exits).toEqual([0, 1, 0]);
    expect(verify?.stdout).toContain("ceiling_exceeded");
    const { metrics, records } = await counted();
    expect(metrics).toEqual({ would_refuse: 1 });
    expect(records).toMatchObject([
      {
        kind: "verification",
        body: { verdict: "would_refuse", code: "ceiling_exceeded", cert_id: payloadOf(certificate).jti },
      },
    ]);
    await restart(before);
  });

  it.each([
    ["signer: it knows no such action", { action: "no-such-action" }, "action_unknown"],
    ["broker: it observes no such region", { region: "no-such-region" }, "service_unknown"],
  ])("refused before a certificate was asked for, by the %s", async (name, changes, code) => {
    const place = checkout(folder(name.replaceAll(/[^a-z]/g, "")));
    const wish = { action: "deploy", service: "checkout", region: "us-east-1", ...changes };
    const flags = Object.entries(wish).map(([flag, value]) => `--${flag} ${value}`);
    const request = await shell(place, `agent-cli request-cert ${flags.join(" ")} --json`);
    const { error } = JSON.parse(request.stderr);
    expect([request.code, error.code]).toEqual([1, code]);
    expect(error.request_id).toMatch(/^r_/);
    const verify = await shell(place, 'broker-cli verify --cert "" --shadow');
    expect(verify.code).toBe(1);
    expect(verify.stdout).toContain(error.request_id);
    const { metrics, records } = await counted();
    expect(metrics).toEqual({ no_certificate_refused: 1 });
    expect(records.at(-1)).toMatchObject({
      kind: "refusal",
      body: { code: "certificate_absent", request: error.request_id, shadow: true },
    });
  });

  it("signer down: what an earlier run left behind does not count; it is reported as not reached", async () => {
    const place = join(world.folder, folder("allow"));
    expect(existsSync(join(place, ".seb", "job", "certificate.json"))).toBe(true);
    await world.stopService("signer");
    const { exits, certificate, given } = await run(place, github);
    await world.startService("signer");
    expect({ exits, certificate }).toEqual({ exits: [3, 3, 0], certificate: "" });
    expect(
      world.ledger
        .of("signer")
        .slice(from.signer)
        .filter(({ kind }) => kind === "denied"),
    ).toEqual([]);
    const { metrics, records } = await counted();
    expect(metrics).toEqual({ no_certificate_unreachable: 1 });
    expect(records).toMatchObject([
      { kind: "refusal", body: { code: "certificate_unasked", request: expect.stringMatching(/^u_/), shadow: true } },
    ]);
    if (github) expect(given.at(-1)).toBe(`CERT=none:${records[0]?.body.request}`);
  });
});

describe("a runner on which something is wrong", () => {
  it("a result that standard output does not take is no success", async () => {
    const place = checkout("full");
    const lost = await shell(
      place,
      "agent-cli request-cert --action deploy --service checkout --region us-east-1 >/dev/full",
    );
    expect(lost.code).toBe(3);
    expect(lost.stderr).toContain("ENOSPC");
    // A reader that has seen enough loses nothing.
    expect((await shell(place, "(agent-cli --help; echo $? >exit) | true; cat exit")).stdout).toBe("0\n");
  });

  it("a folder that was deleted under the command is wrong use, said in a sentence", async () => {
    const place = checkout("deleted");
    const gone = await shell(place, "mkdir gone && cd gone && rmdir ../gone && agent-cli actions --json");
    expect([gone.code, JSON.parse(gone.stderr).error.code]).toEqual([2, "usage"]);
  });

  it("a home where nothing can be written ends the command in time", async () => {
    const ended = await shell(
      checkout("procfs"),
      "agent-cli request-cert --action deploy --service checkout --region us-east-1 --json",
      { HOME: "/proc", CI_JOB_ID: "77" },
    );
    expect([ended.code, JSON.parse(ended.stderr).error.code]).toEqual([2, "setting_invalid"]);
    expect(ended.ms).toBeLessThan(COMMAND_LIMIT_MS);
  });

  it("a broker that took the request and gives no answer: the change may have happened, and asking again tells", async () => {
    const place = checkout("unanswered");
    const target = "--action deploy --service checkout --region us-east-1";
    expect((await shell(place, `agent-cli request-cert ${target}`)).code).toBe(0);
    const silent = await silentServer();
    const unanswered = await shell(
      place,
      `agent-cli execute --replicas 3 --broker-url http://127.0.0.1:${silent.port} --timeout-ms 4000 --json`,
    );
    await silent.close();
    const { error } = JSON.parse(unanswered.stderr);
    expect([unanswered.code, error.code]).toEqual([5, "execution_unknown"]);
    expect(unanswered.ms).toBeLessThan(COMMAND_LIMIT_MS);
    const asked = await shell(place, `broker-cli executions ${error.cert_id} --json`);
    expect([asked.code, JSON.parse(asked.stderr).error.code]).toEqual([1, "execution_not_found"]);
    expect((await shell(place, `agent-cli execute --replicas 3 --broker-url http://127.0.0.1:1`)).code).toBe(3);
  });
});

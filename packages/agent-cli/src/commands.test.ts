import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { CODES } from "@seb/schema";
import { wantsColour } from "./io.js";
import { type Bench, openBench, type Ran } from "./test/bench.js";
import { CERT_ID, certificateFor, IMAGE, RECEIPT } from "./test/services.js";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

const TARGET = ["--action", "deploy", "--service", "checkout", "--region", "us-east-1"];
/** How a settings file names the variable IMAGE. */
const REFERENCE = ["$", "{IMAGE}"].join("");
const code = (ran: Ran): string => JSON.parse(ran.stderr).error.code;
const facts = (ran: Ran): string => JSON.parse(ran.stderr).error.detail;
const asked = () => bench.services.seen.find(({ url }) => url === "/v1/certificates")?.body;

describe("parameter flags", () => {
  it("follow from the definition, and a value implies its bound", async () => {
    expect((await bench.agent("request-cert", ...TARGET, "--image-digest", IMAGE, "--replicas=12")).exit).toBe(0);
    expect(asked()).toMatchObject({
      parameters: { image_digest: IMAGE, replicas: 12 },
      bounds: { max_replicas: 12 },
      evidence: [],
    });
  });

  it("take a bound without a value", async () => {
    expect((await bench.agent("request-cert", ...TARGET, "--image-digest", IMAGE, "--max-replicas", "5")).exit).toBe(0);
    expect(asked()).toMatchObject({ parameters: { image_digest: IMAGE }, bounds: { max_replicas: 5 } });
  });

  it.each([
    ["an unknown one", ["--image-digest", IMAGE, "--replica", "1"], "usage"],
    ["one given twice", ["--image-digest", IMAGE, "--replicas", "1", "--replicas", "2"], "usage"],
    ["one without value", ["--image-digest", IMAGE, "--replicas"], "usage"],
    ["a bare word", ["--image-digest", IMAGE, "--replicas", "1", "word"], "usage"],
    ["no integer", ["--image-digest", IMAGE, "--replicas", "1.0"], "setting_invalid"],
    ["a missing one", ["--image-digest", IMAGE], "setting_missing"],
  ])("refuse %s", async (_name, argv, expected) => {
    const ran = await bench.agent("request-cert", ...TARGET, ...argv, "--json");
    expect(ran).toMatchObject({ exit: 2, stdout: "" });
    expect(code(ran)).toBe(expected);
    if (_name === "an unknown one") expect(facts(ran)).toContain("--max-replicas");
    if (_name === "a missing one") expect(facts(ran)).toContain("--replicas");
    expect(asked()).toBeUndefined();
  });
});

describe("settings", () => {
  it("rank flag over SEB_ variable over file, and fill in variables that the file names", async () => {
    bench.writeSettings(`parameters: { image_digest: "${REFERENCE}", replicas: 1 }\nbounds: { max_replicas: 9 }\n`);
    bench.env = { IMAGE, SEB_REPLICAS: "2" };
    await bench.agent("request-cert", ...TARGET);
    expect(asked()).toMatchObject({ parameters: { image_digest: IMAGE, replicas: 2 }, bounds: { max_replicas: 9 } });
    bench.services.seen.length = 0;
    await bench.agent("request-cert", ...TARGET, "--replicas", "3", "--max-replicas", "4");
    expect(asked()).toMatchObject({ parameters: { replicas: 3 }, bounds: { max_replicas: 4 } });
  });

  it("name flag and variable when one is missing", async () => {
    bench.writeSettings(`parameters: { image_digest: "${REFERENCE}", replicas: 1 }\n`);
    const ran = await bench.agent("request-cert", ...TARGET, "--json");
    expect([ran.exit, code(ran)]).toEqual([2, "setting_missing"]);
    expect(facts(ran)).toMatch(/--image-digest.*IMAGE/);
  });

  it("name flag and variable when a value is wrong", async () => {
    bench.env = { SEB_MAX_REPLICAS: "abc" };
    const ran = await bench.agent("request-cert", ...TARGET, "--image-digest", IMAGE, "--json");
    expect([ran.exit, code(ran)]).toEqual([2, "setting_invalid"]);
    expect(facts(ran)).toMatch(/--max-replicas.*SEB_MAX_REPLICAS/);
  });

  it.each([
    ["an unknown member", "sesame: 1\n"],
    ["an alias", "audience: &a x\nservice: *a\n"],
    ["no YAML", "{"],
  ])("refuse a file with %s", async (_name, text) => {
    bench.writeSettings(text);
    const ran = await bench.agent("actions", "--json");
    expect([ran.exit, code(ran)]).toEqual([2, "setting_invalid"]);
  });

  it("refuse a key that others can read, and never show it", async () => {
    const path = join(bench.home, "open.json");
    writeFileSync(path, JSON.stringify(bench.key), { mode: 0o644 });
    const ran = await bench.agent("execute", "--cert", certificateFor("x"), "--key", path, "--json");
    expect([ran.exit, code(ran)]).toEqual([2, "setting_invalid"]);
    writeFileSync(join(bench.home, "broken.json"), `{"jwk":{"d":"${bench.key.jwk.d}"}}`, { mode: 0o600 });
    const broken = await bench.broker("executions", "--key", join(bench.home, "broken.json"));
    expect(broken.exit).toBe(2);
    expect(broken.stderr + ran.stderr).not.toContain(bench.key.jwk.d);
  });

  it("hand an attestation on byte for byte", async () => {
    writeFileSync(join(bench.home, "work", ".seb", "a.json"), '{"payload":"x"}');
    bench.writeSettings(
      "evidence:\n  - {type: attestation, file: a.json}\n  - {type: reference, name: pr, value: '12'}\n",
    );
    await bench.agent("request-cert", ...TARGET, "--image-digest", IMAGE, "--replicas", "1");
    expect(asked()).toMatchObject({
      evidence: [
        { type: "attestation", envelope: Buffer.from('{"payload":"x"}').toString("base64url") },
        { type: "reference", name: "pr", value: "12" },
      ],
    });
  });
});

describe("the time of a command", () => {
  it.each(["8001", "300000", "99", "1e3"])("is never %s ms", async (ms) => {
    const flag = await bench.agent("actions", "--timeout-ms", ms, "--json");
    expect([flag.exit, code(flag)]).toEqual([2, "setting_invalid"]);
    bench.env = { SEB_TIMEOUT_MS: ms };
    const variable = await bench.broker("executions", "--json");
    expect([variable.exit, code(variable)]).toEqual([2, "setting_invalid"]);
  });

  it("may be 8000 ms", async () => {
    expect((await bench.agent("actions", "--timeout-ms", "8000")).exit).toBe(0);
  });
});

describe("execute, run, plan", () => {
  const certificate = () => certificateFor(bench.services.jkt);
  const executed = () => bench.services.seen.find(({ url }) => url === "/v1/executions")?.body;

  it("restates the operation, also when the signer is down", async () => {
    const flags = ["--image-digest", IMAGE, "--replicas", "12"];
    for (const signer of [bench.services.url, "http://127.0.0.1:1"]) {
      bench.services.seen.length = 0;
      bench.writeSettings("", { signer });
      expect((await bench.agent("execute", "--cert", certificate(), ...flags)).exit).toBe(0);
      expect(executed()).toEqual({
        action: "deploy",
        resource: "service:checkout/region:us-east-1",
        parameters: { image_digest: IMAGE, replicas: 12 },
      });
    }
    const less = await bench.agent("execute", "--cert", certificate(), "--image-digest", IMAGE, "--json");
    expect([less.exit, code(less)]).toEqual([2, "setting_missing"]);
  });

  it.each([
    ["execution_open", 4],
    ["execution_unknown", 5],
    ["scope_exceeded", 1],
    ["status_stale", 3],
  ] as const)("exits by the code %s", async (answer, exit) => {
    bench.services.answers.set("/v1/executions", { code: answer });
    const ran = await bench.agent(
      "execute",
      "--cert",
      certificate(),
      "--image-digest",
      IMAGE,
      "--replicas",
      "1",
      "--json",
    );
    expect([ran.exit, code(ran)]).toEqual([exit, answer]);
    expect(exit).toBe(CODES[answer].exit);
  });

  it.each<[string, Parameters<typeof bench.services.answers.set>[1]]>([
    ["no answer", "drop"],
    ["an answer of no service of ours", { status: 200, body: { state: "executed" } }],
  ])("exits 5 and names the certificate when the broker got the request and gave %s", async (_name, answer) => {
    bench.services.answers.set("/v1/executions", answer);
    const flags = ["--image-digest", IMAGE, "--replicas", "12"];
    for (const argv of [
      ["execute", "--cert", certificate(), ...flags],
      ["run", ...TARGET, ...flags],
    ]) {
      const json = await bench.agent(...argv, "--json");
      expect([json.exit, json.stdout]).toEqual([5, ""]);
      const { error } = JSON.parse(json.stderr);
      expect(error).toMatchObject({ code: "execution_unknown", exit: 5, cert_id: CERT_ID });
      expect(error.remedy).toContain(`broker-cli executions ${CERT_ID}`);
      const text = await bench.agent(...argv);
      expect(text.exit).toBe(5);
      expect(text.stderr).toContain(CERT_ID);
      expect(text.stderr).toContain("agent-cli execute --cert");
    }
  });

  it("exits 3 when no broker took the request", async () => {
    bench.writeSettings("", { broker: "http://127.0.0.1:1" });
    const ran = await bench.agent(
      "execute",
      "--cert",
      certificate(),
      "--image-digest",
      IMAGE,
      "--replicas=1",
      "--json",
    );
    expect([ran.exit, code(ran)]).toEqual([3, "unreachable"]);
  });

  it.each(["none:r_abc", "none:", "no-token"])("calls %s malformed, and asks for no flag instead", async (cert) => {
    const ran = await bench.agent("execute", "--cert", cert, "--json");
    expect([ran.exit, code(ran)]).toEqual([1, "token_malformed"]);
    expect(executed()).toBeUndefined();
  });

  it("does not present a broken none:, whatever else is given", async () => {
    const flags = ["--image-digest", IMAGE, "--replicas", "12"];
    const ran = await bench.agent("execute", "--cert", "none:r_abc", ...TARGET, ...flags, "--json");
    expect([ran.exit, code(ran)]).toEqual([1, "token_malformed"]);
    expect(executed()).toBeUndefined();
  });

  it("takes what the job kept when nothing is given", async () => {
    await bench.agent("request-cert", ...TARGET, "--image-digest", IMAGE, "--replicas", "12");
    expect((await bench.agent("execute")).exit).toBe(0);
    expect(executed()).toMatchObject({ parameters: { image_digest: IMAGE, replicas: 12 } });
    bench.services.seen.length = 0;
    await bench.agent("execute", "--replicas", "40");
    expect(executed()).toMatchObject({ parameters: { image_digest: IMAGE, replicas: 40 } });
  });

  it("runs everything in one command", async () => {
    const ran = await bench.agent("run", ...TARGET, "--image-digest", IMAGE, "--replicas", "12", "--json");
    expect(ran.exit).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ state: "executed", result: { commit: "abc" }, receipt: RECEIPT });
    const kept = JSON.parse(readFileSync(join(bench.home, "work", ".seb", "job", "receipt.json"), "utf8"));
    expect(kept).toEqual({ ver: 1, cert_id: CERT_ID, receipt: RECEIPT });
    expect(executed()).toMatchObject({ parameters: { replicas: 12 } });
  });

  it("plans without asking for a certificate", async () => {
    const ran = await bench.agent("plan", ...TARGET, "--image-digest", IMAGE, "--replicas", "12", "--json");
    expect(ran.exit).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      live: { values: { replicas: 3 } },
      planned: { replicas: 12 },
      scope: { image_digest: IMAGE, max_replicas: 12 },
    });
    expect(asked()).toBeUndefined();
  });
});

describe("inspect, actions, keygen, executions", () => {
  it("shows plain names and that nothing was verified", async () => {
    const ran = await bench.agent("inspect", certificateFor("j".repeat(43)), "--json");
    expect(JSON.parse(ran.stdout)).toMatchObject({
      verified: false,
      cert_id: CERT_ID,
      subject: "agent:oncall-v3",
      not_before: "2027-01-15T08:00:00Z",
      not_after: "2027-01-15T08:01:30Z",
    });
    expect((await bench.agent("inspect", "no-token")).exit).toBe(1);
  });

  it("lists actions with their flags", async () => {
    expect((await bench.agent("actions")).stdout).toContain("deploy");
    const ran = await bench.agent("actions", "deploy");
    expect(ran.stdout).toContain("--image-digest");
    expect(ran.stdout).toContain("--max-replicas");
  });

  it("makes a key for this user only, once, and prints no private part", async () => {
    const path = join(bench.home, "k", "agent.json");
    const ran = await bench.agent("keygen", "--out", path, "--name", "night", "--json");
    expect(ran.exit).toBe(0);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const key = JSON.parse(readFileSync(path, "utf8"));
    expect(key).toMatchObject({ role: "agent", name: "night" });
    expect(ran.stdout + ran.stderr).not.toContain(key.jwk.d);
    expect((await bench.agent("keygen", "--out", path)).exit).toBe(2);
  });

  it("shows executions", async () => {
    expect(JSON.parse((await bench.broker("executions", "--json")).stdout).executions).toHaveLength(1);
    expect((await bench.broker("executions", CERT_ID)).exit).toBe(0);
    expect((await bench.broker("executions", "c_1")).exit).toBe(2);
    bench.services.answers.set(`/v1/executions/${CERT_ID}`, { code: "execution_not_found" });
    expect((await bench.broker("executions", CERT_ID)).exit).toBe(1);
  });
});

describe("colour", () => {
  it("is for terminals that want it", () => {
    const io = { stdoutIsTty: true, stderrIsTty: false, env: {} };
    expect(wantsColour(io, "stdout")).toBe(true);
    expect(wantsColour(io, "stderr")).toBe(false);
    expect(wantsColour({ ...io, env: { NO_COLOR: "1" } }, "stdout")).toBe(false);
  });
});

describe("every command", () => {
  it.each(["request-cert", "execute", "run", "inspect", "actions", "plan", "keygen"])("%s has help", async (name) => {
    const ran = await bench.agent(name, "--help");
    expect(ran).toMatchObject({ exit: 0, stderr: "" });
    expect(ran.stdout).toMatch(/Examples:[\s\S]*Exit codes:/);
  });

  it("and each program has help with examples and exit codes", async () => {
    for (const ran of [await bench.agent("--help"), await bench.broker("--help")]) {
      expect(ran).toMatchObject({ exit: 0, stderr: "" });
      expect(ran.stdout).toMatch(/Examples:[\s\S]*Exit codes:/);
    }
  });

  it("says wrong use by exit code 2", async () => {
    for (const argv of [[], ["nothing"], ["actions", "--config"], ["actions", "--sesame"], ["inspect", "a", "b"]])
      expect((await bench.agent(...argv)).exit).toBe(2);
    expect((await bench.broker("executions", "--state", "x")).exit).toBe(2);
  });

  it("ends in time against a server that says nothing", async () => {
    const silent: Server = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const url = `http://127.0.0.1:${address.port}`;
    bench.writeSettings("", { signer: url, broker: url });
    bench.env = { SEB_TIMEOUT_MS: "600" };
    const startedMs = performance.now();
    for (const argv of [
      ["request-cert", ...TARGET],
      ["execute", "--cert", certificateFor("x".repeat(43)), "--param", "replicas=1"],
    ])
      expect([3, 2]).toContain((await bench.agent(...argv)).exit);
    expect((await bench.broker("verify", "--cert", certificateFor("x"))).exit).toBe(3);
    expect(performance.now() - startedMs).toBeLessThan(4000);
    silent.close();
  });
});

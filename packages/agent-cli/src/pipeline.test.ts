import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type Bench, openBench } from "./test/bench.js";
import { certificateFor, IMAGE, REFUSED_ID } from "./test/services.js";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
  bench.writeSettings(`parameters: { image_digest: "${IMAGE}", replicas: 12, other: x }\n`);
});
afterEach(() => bench.close());

const TARGET = ["--action", "deploy", "--service", "checkout", "--region", "us-east-1"];
const request = () => bench.agent("request-cert", ...TARGET);
const verify = (cert = "") => bench.broker("verify", "--cert", cert, "--shadow");
const reported = () => bench.services.seen.filter(({ url }) => url === "/v1/verifications").at(-1)?.body;
const jobFile = () => join(bench.home, "work", ".seb", "job", "certificate.json");

describe("request-cert and the steps behind it", () => {
  it("prints the certificate and nothing else, and keeps it for verify, for this user only", async () => {
    const certificate = certificateFor(bench.services.jkt);
    expect(await request()).toMatchObject({ exit: 0, stdout: `${certificate}\n` });
    expect(statSync(jobFile()).mode & 0o777).toBe(0o600);
    expect(await verify()).toMatchObject({ exit: 0 });
    const seen = bench.services.seen.at(-1);
    expect(seen?.headers.authorization).toBe(`DPoP ${certificate}`);
    expect(seen?.body).toEqual({
      operation: {
        action: "deploy",
        resource: "service:checkout/region:us-east-1",
        parameters: { image_digest: IMAGE, replicas: 12 },
      },
    });
  });

  it("keeps the id of a refused request, which verify reports", async () => {
    await request();
    bench.services.answers.set("/v1/certificates", { code: "policy_denied" });
    expect(await request()).toMatchObject({ exit: 1, stdout: "" });
    expect(await verify()).toMatchObject({ exit: 1 });
    expect(reported()).toEqual({ request: REFUSED_ID });
  });

  it("keeps u_ when the signer was not reached, whatever was kept before", async () => {
    await request();
    bench.services.answers.set("/v1/certificates", "drop");
    expect(await request()).toMatchObject({ exit: 3, stdout: "" });
    expect(await verify()).toMatchObject({ exit: 3 });
    expect(reported()).toEqual({ request: expect.stringMatching(/^u_[a-z2-7]{26}$/) });
  });

  it("keeps nothing when the command was used wrongly before it asked: no signer was missed", async () => {
    for (const argv of [
      ["--no-such-flag", "x"],
      [...TARGET, "--no-such-flag", "x"],
      [...TARGET, "--timeout-ms", "1"],
    ]) {
      await request();
      const before = bench.services.seen.length;
      expect((await bench.agent("request-cert", ...argv)).exit).toBe(2);
      const verified = await bench.broker("verify", "--cert", "", "--shadow", "--json");
      expect([verified.exit, JSON.parse(verified.stderr).error.code]).toEqual([2, "setting_missing"]);
      expect(bench.services.seen.slice(before).map(({ url }) => url)).not.toContain("/v1/verifications");
    }
  });

  it.each([
    ["the signer, asked for the action", "/v1/actions/deploy", "action_unknown", 1],
    ["the broker, asked to observe", "/v1/observations", "agent_unknown", 1],
    ["the signer, which cannot issue now", "/v1/certificates", "store_unavailable", 3],
  ] as const)("keeps the id of what was refused by %s", async (_who, path, refusal, exit) => {
    const id = `r_${"e".repeat(26)}`;
    await request();
    bench.services.answers.set(path, { code: refusal, id });
    expect(await request()).toMatchObject({ exit, stdout: "" });
    expect(await verify()).toMatchObject({ exit: 1 });
    expect(reported()).toEqual({ request: id });
  });

  it("shows the request that got no certificate", async () => {
    for (const [none, exit] of [
      [REFUSED_ID, 1],
      [`u_${"a".repeat(26)}`, 3],
      [`p_${"a".repeat(26)}`, 4],
    ] as const) {
      const text = await verify(`none:${none}`);
      expect(text.exit).toBe(exit);
      expect(text.stdout).toContain(none);
      const json = await bench.broker("verify", "--cert", `none:${none}`, "--json");
      expect(JSON.parse(json.stdout)).toMatchObject({ request: none });
    }
  });

  it("keeps p_ while people are missing", async () => {
    const id = `p_${"d".repeat(26)}`;
    bench.services.answers.set("/v1/certificates", { code: "approval_pending", id });
    expect(await request()).toMatchObject({ exit: 4, stdout: "" });
    const verified = await verify();
    expect(verified.exit).toBe(4);
    expect(verified.stderr).not.toContain("refused");
    expect(reported()).toEqual({ request: id });
    expect((await bench.agent("execute", "--cert", "")).exit).toBe(4);
  });

  it("takes none: from the variable as well", async () => {
    expect(await verify(`none:${REFUSED_ID}`)).toMatchObject({ exit: 1 });
    expect((await bench.agent("execute", "--cert", `none:${REFUSED_ID}`)).exit).toBe(1);
    expect((await bench.agent("execute", "--cert", `none:u_${"a".repeat(26)}`)).exit).toBe(3);
  });

  it("does not take what is older than 10 minutes, nor what was never kept", async () => {
    expect((await verify()).exit).toBe(2);
    await request();
    bench.nowMs += 600_001;
    const old = await bench.broker("verify", "--cert", "", "--json");
    expect(old.exit).toBe(2);
    expect(JSON.parse(old.stderr).error.code).toBe("certificate_old");
  });

  it("sends the same body again, under the same key, when nobody learned what became of it", async () => {
    bench.services.answers.set("/v1/certificates", "drop");
    await request();
    bench.services.answers.clear();
    await request();
    const asked = bench.services.seen.filter(({ url }) => url === "/v1/certificates");
    expect(new Set(asked.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
    expect(asked.length).toBe(3);
    await request();
    expect(bench.services.seen.at(-1)?.headers["idempotency-key"]).not.toBe(asked[0]?.headers["idempotency-key"]);
  });
});

describe("where a job keeps its certificate", () => {
  it("is named by GitHub's run, attempt and job, and GITHUB_ENV gets each value, too", async () => {
    const file = join(bench.home, "github-env");
    writeFileSync(file, "");
    bench.env = { GITHUB_RUN_ID: "7", GITHUB_RUN_ATTEMPT: "2", GITHUB_JOB: "deploy", GITHUB_ENV: file };
    await request();
    expect(readdirSync(join(bench.home, ".local", "state", "seb"))).toEqual(["github-7-2-deploy"]);
    expect(existsSync(jobFile())).toBe(false);
    const lines = readFileSync(file, "utf8").trim().split("\n");
    expect(lines).toEqual([
      expect.stringMatching(/^CERT=none:u_[a-z2-7]{26}$/),
      `CERT=${certificateFor(bench.services.jkt)}`,
    ]);
    expect((await bench.agent("request-cert", "--no-such-flag", "x")).exit).toBe(2);
    expect(readFileSync(file, "utf8").trim().split("\n").at(-1)).toBe("CERT=");
    bench.env = { ...bench.env, GITHUB_RUN_ATTEMPT: "3" };
    expect((await verify()).exit).toBe(2);
  });

  it("is named by GitLab's job, below XDG_STATE_HOME", async () => {
    const state = join(bench.home, "state");
    bench.env = { CI_JOB_ID: "../9", XDG_STATE_HOME: state };
    await request();
    const [only, ...more] = readdirSync(join(state, "seb"));
    expect(more).toEqual([]);
    expect(only).toMatch(/^ci-[0-9a-f]{32}$/);
    expect((await verify()).exit).toBe(0);
  });
});

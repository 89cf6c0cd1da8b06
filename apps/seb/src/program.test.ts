import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { bench } from "./test/bench.js";

async function refusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("seb: wrong use, settings, exit codes", () => {
  it.each([
    [["nonsense"]],
    [["revoke"]],
    [["revoke", "planet", "earth", "--reason", "x"]],
    [["revoke", "subject", "oncall", "--reason", "x"]],
    [["epoch", "raise", "nothing", "--reason", "x"]],
    [["resolve", "c_aaaaaaaaaaaaaaaaaaaaaaaaaa", "--state", "perhaps", "--reason", "x"]],
    [["audit", "query", "--month", "March"]],
    [["dev", "stop", "kernel"]],
    [["policy", "rollback", "zz"]],
    [["config", "check", "absent.yaml"]],
    [["revoke", "subject", "agent:oncall-v3", "--unknown-flag"]],
  ])("%j is wrong use: exit 2", async (argv) => {
    expect((await bench().seb(...argv)).exit).toBe(2);
  });

  it.each(["", "policy activate", "trust", "agent", "policy", "epoch", "audit", "config", "dev"])(
    "seb %s prints help with examples and exit codes, and exits with 0",
    async (words) => {
      const path = words.split(" ").filter((word) => word !== "");
      const { exit, out } = await bench().seb(...path, "--help");
      expect(exit).toBe(0);
      expect(out).toMatch(/Examples:[\s\S]*Exit codes:/);
    },
  );

  it("names a bundle that is not there", async () => {
    const { exit, value } = await bench({ SEB_BUNDLES: "none" }).json(
      "policy",
      "rollback",
      "0b768144",
      "--reason",
      "x",
    );
    expect({ exit, code: value.code }).toEqual({ exit: 1, code: "bundle_unknown" });
  });

  it("names the flag and the variable of a missing setting", async () => {
    const { exit, value } = await bench().json("revocations");
    expect({ exit, code: value.code }).toEqual({ exit: 2, code: "setting_missing" });
    expect(String(value.detail)).toContain("--revocation-url");
    expect(String(value.detail)).toContain("SEB_REVOCATION_URL");
  });

  it("takes a flag before a variable before the nearest dev folder", async () => {
    const b = bench({ SEB_BROKER_URL: "http://127.0.0.1:2" });
    mkdirSync(b.path(".seb"));
    const endpoints = "endpoints:\n  revocation: http://127.0.0.1:1\n  broker: http://127.0.0.1:1\n";
    writeFileSync(b.path(".seb", "agent.yaml"), endpoints);
    const { value } = await b.json("config", "show");
    expect(value.revocationUrl).toEqual({ value: "http://127.0.0.1:1", from: "agent.yaml" });
    expect(value.brokerUrl).toEqual({ value: "http://127.0.0.1:2", from: "SEB_BROKER_URL" });
    expect(value.trust).toEqual({ value: join(b.cwd, ".seb", "trust.json"), from: "nearest .seb" });
  });

  it("could not ask: exit 3", async () => {
    const url = `http://127.0.0.1:${await refusedPort()}`;
    const { exit, value } = await bench().json("revocations", "--revocation-url", url);
    expect({ exit, code: value.code }).toEqual({ exit: 3, code: "unreachable" });
  });

  it("refuses an address that is no URL", async () => {
    const { exit, value } = await bench().json("revocations", "--revocation-url", "ftp://x");
    expect({ exit, code: value.code }).toEqual({ exit: 2, code: "setting_invalid" });
  });
});

describe("seb agent", () => {
  const thumbprint = "A".repeat(43);
  const add = ["agent", "add", "night-bot", "--thumbprint", thumbprint, "--owner", "team-sre", "--action", "deploy"];

  it("adds, lists, expires; never overwrites unasked", async () => {
    const b = bench({ SEB_CONTROL: "control" });
    expect((await b.seb(...add)).exit).toBe(0);
    expect((await b.seb(...add)).exit).toBe(2);
    expect((await b.seb(...add, "--replace", "--action", "scale")).exit).toBe(0);
    const listed = await b.json("agent", "list");
    expect(listed.value.agents).toMatchObject([
      { subject: "agent:night-bot", actions: ["deploy", "scale"], keys: [thumbprint] },
    ]);
    expect((await b.seb("config", "check", "control/agents/night-bot.yaml")).exit).toBe(0);
    expect((await b.json("agent", "expire", "night-bot")).exit).toBe(0);
    expect((await b.seb("agent", "list")).out).toContain("expired");
    expect((await b.json("agent", "expire", "day-bot")).value.code).toBe("agent_unknown");
  });

  it("needs a key", async () => {
    expect((await bench({ SEB_CONTROL: "control" }).seb("agent", "add", "bot", "--owner", "x")).exit).toBe(2);
  });
});

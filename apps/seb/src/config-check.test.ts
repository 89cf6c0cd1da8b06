import { cpSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { bench } from "./test/bench.js";

const CONTROL = fileURLToPath(new URL("../../../examples/control", import.meta.url));

describe("a control folder that holds what is neither file nor folder", () => {
  it.each([
    ["a link to a policy", "policy/90-no-critical.cedar", "policy/95-more.cedar"],
    ["a link to a folder", "services", "more"],
    ["a link to nothing", "nowhere", "agents/other.yaml"],
  ])("%s is refused by its path", async (_what, target, at) => {
    const b = bench({ SEB_CONTROL: "control" });
    cpSync(CONTROL, b.path("control"), { recursive: true });
    symlinkSync(b.path("control", target), b.path("control", at));
    const { exit, value } = await b.json("policy", "pack", "--out", b.path("bundle.json"));
    expect({ exit, code: value.code, facts: value.facts }).toEqual({
      exit: 1,
      code: "bundle_unreadable",
      facts: { file: at },
    });
  });
});

describe("seb config check of a file that others check", () => {
  it.each([
    ["agent.yaml", "agent-cli"],
    ["broker.yaml", "--check-config"],
    ["10-low.cedar", "control folder"],
  ])("%s: says who does", async (name, who) => {
    const b = bench();
    writeFileSync(b.path(name), "ver: 1\n");
    const { exit, value } = await b.json("config", "check", name);
    expect({ exit, code: value.code }).toEqual({ exit: 2, code: "usage" });
    expect(String(value.remedy)).toContain(who);
  });
});

describe("seb config check of targets.yaml", () => {
  it("judges each entry by its connector's language, and repeats no value", async () => {
    const b = bench();
    const entries = [
      "  gitops: { connector: git, url: https://user:hunter2@git.example/ops.git }",
      "  cluster: { connector: kubernetes, servr: https://kube.example, token_file: /run/token }",
    ];
    writeFileSync(b.path("targets.yaml"), `ver: 1\ntargets:\n${entries.join("\n")}\n`);
    const { exit, value } = await b.json("config", "check", "targets.yaml");
    expect({ exit, code: value.code }).toEqual({ exit: 2, code: "setting_invalid" });
    expect(value.facts).toEqual({ file: "targets.yaml", field: "/targets/gitops/url", mistakes: 3 });
    expect(JSON.stringify(value)).not.toContain("hunter2");
    writeFileSync(b.path("targets.yaml"), "ver: 1\ntargets: { gitops: { connector: git, url: /srv/ops.git } }\n");
    expect(await b.json("config", "check", "targets.yaml")).toMatchObject({ exit: 0 });
  });
});

import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
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
      facts: { file: at, mistakes: 1 },
    });
  });
});

describe("a control folder with mistakes", () => {
  const broken = (change: (b: ReturnType<typeof bench>) => void) => {
    const b = bench({ SEB_CONTROL: "control" });
    cpSync(CONTROL, b.path("control"), { recursive: true });
    change(b);
    return b;
  };
  const edit = (b: ReturnType<typeof bench>, path: string, from: string, to: string) => {
    const text = readFileSync(b.path("control", path), "utf8");
    writeFileSync(b.path("control", path), text.replace(from, to));
  };

  it("is told all of them at once, a line each; with --json as a list", async () => {
    const b = broken(() => undefined);
    edit(b, "actions/deploy.yaml", "bounds: replicas", "bounds: replica");
    edit(b, "services/search.yaml", "tier: 0", "teir: 0");
    writeFileSync(b.path("control", "agents/oncall-v3.yaml"), Buffer.from([0x76, 0xff, 0xfe]));
    writeFileSync(b.path("control", "people/large.yaml"), "x".repeat(70_000));
    symlinkSync("nowhere", b.path("control", "policy/schema.cedarschema.link"));
    const { exit, value } = await b.json("policy", "pack", "--out", b.path("bundle.json"));
    expect({ exit, code: value.code }).toEqual({ exit: 1, code: "bundle_unreadable" });
    expect(value.mistakes).toEqual([
      { file: "agents/oncall-v3.yaml", found: "bytes that are not UTF-8", expected: "text in UTF-8" },
      { file: "people/large.yaml", found: "70000 bytes", expected: "at most 65536 bytes" },
      expect.objectContaining({ file: "policy/schema.cedarschema.link" }),
      expect.objectContaining({ file: "actions/deploy.yaml", line: 20, found: "`replica`", near: ["replicas"] }),
      expect.objectContaining({ file: "services/search.yaml", line: 7, field: "/teir", near: ["tier"] }),
    ]);
    const { err } = await b.seb("policy", "pack", "--out", b.path("bundle.json"));
    expect(err.split("\n").filter((line) => line.includes(": found "))).toHaveLength(5);
    expect(err).toContain(
      "  services/search.yaml, line 7, /teir: found the field `teir`, expected a known field; did you mean `tier`?\n",
    );
    expect(existsSync(b.path("bundle.json"))).toBe(false);
  });

  it("a file alone is checked for what is wrong within it", async () => {
    const b = broken(() => undefined);
    edit(b, "actions/deploy.yaml", "{{parameters.image_digest}}", "{{parameters.image_digset}}");
    edit(b, "policy/tests/deploy.yaml", "action: deploy", "acton: deploy");
    const action = await b.json("config", "check", "control/actions/deploy.yaml");
    expect(action).toMatchObject({
      exit: 2,
      value: { code: "setting_invalid", mistakes: [{ near: ["image_digest"] }] },
    });
    const tests = await b.json("config", "check", "control/policy/tests/deploy.yaml");
    expect(tests).toMatchObject({ exit: 2, value: { mistakes: [{ field: "/tests/0/acton", near: ["action"] }] } });
  });

  it("several files are told the mistakes of all", async () => {
    const b = broken(() => undefined);
    edit(b, "policy/modes.yaml", "default: enforce", "default: enforced");
    edit(b, "policy/windows.yaml", "zone: UTC", "zone: 7");
    const { exit, value } = await b.json("config", "check", "control/policy/modes.yaml", "control/policy/windows.yaml");
    expect({ exit, fields: (value.mistakes as { field: string }[]).map(({ field }) => field) }).toEqual({
      exit: 2,
      fields: ["/default", "/windows/0/zone"],
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
    expect(value.facts).toEqual({ file: "targets.yaml", field: "/targets/gitops/url", line: 3, mistakes: 3 });
    expect(JSON.stringify(value)).not.toContain("hunter2");
    writeFileSync(b.path("targets.yaml"), "ver: 1\ntargets: { gitops: { connector: git, url: /srv/ops.git } }\n");
    expect(await b.json("config", "check", "targets.yaml")).toMatchObject({ exit: 0 });
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { checkPrecondition, openBundle, packBundle, targetMistakes } from "./index.js";

const vectors = join(import.meta.dirname, "../vectors/bundle.json");
const control: { files: Record<string, string> } = JSON.parse(readFileSync(vectors, "utf8"));
const scale = "actions/scale.yaml";
const checkout = "services/checkout.yaml";
const search = "services/search.yaml";

type Change = readonly [file: string, from: string, to: string];

/** The mistakes of the folder after some replacements: file, field and what was found. */
function mistakesOf(...changes: readonly Change[]) {
  const files = { ...control.files };
  for (const [file, from, to] of changes) {
    if (!files[file]?.includes(from)) throw new Error(`${file} has nothing to replace`);
    files[file] = files[file].replace(from, () => to);
  }
  const packed = packBundle(files);
  return packed.ok ? [] : (packed.error.mistakes ?? []).map((mistake) => ({ code: packed.error.code, ...mistake }));
}

/** A Kubernetes action for checkout alone: only there are all of its values known. */
const restart = (more = "") => `ver: 1
name: restart
description: Restart
connector: kubernetes
parameters: {}
open: []
scope: {}
operation:
  verb: patch
  api_version: apps/v1
  resource: deployments
  namespace: "{{service.namespace}}"
  name: "{{service.object}}-{{service.odd}}"
  set: { /spec/paused: false }
live: {}
reconcile: exact
identity: minted
timeout_seconds: 30
tier: 1
consequences: []
${more}`;

describe("an action, judged by its connector's language", () => {
  it("is right as it stands", () => {
    expect(mistakesOf()).toEqual([]);
  });

  it.each<[string, Change, string]>([
    ["an unknown connector", [scale, "connector: git", "connector: gti"], "/connector"],
    ["an unknown key", [scale, "  branch: main\n", "  branch: main\n  force: true\n"], "/operation/force"],
    ["a wrong branch", [scale, "branch: main", "branch: -f"], "/operation/branch"],
    [
      "an unknown key of an edit",
      [scale, "      format: yaml\n", "      format: yaml\n      mode: x\n"],
      "/operation/edits/0/mode",
    ],
    ["another format", [scale, "format: yaml", "format: toml"], "/operation/edits/0/format"],
    ["a fixed path that is none", [scale, '"{{service.path}}"', "/etc/passwd"], "/operation/edits/0/path"],
    ["no pointer", [scale, "/spec/replicas: {", "spec.replicas: {"], "/operation/edits/0/set/spec.replicas"],
    [
      "a live field at no pointer",
      [scale, "replicas: { at: /spec/replicas", "replicas: { at: spec.replicas"],
      "/live/replicas/at",
    ],
    ["an identity that git does not have", [scale, "identity: held", "identity: minted"], "/identity"],
    ["no marker", [scale, "reconcile: exact", "reconcile: none"], "/reconcile"],
  ])("with %s is refused in its own file, once for all services", (_title, change, field) => {
    expect(mistakesOf(change)).toMatchObject([{ code: "catalogue_invalid", file: scale, field }]);
  });

  it("names connectors that are near to a wrong name", () => {
    expect(mistakesOf([scale, "connector: git", "connector: gti"])).toMatchObject([{ found: "`gti`", near: ["git"] }]);
    expect(mistakesOf([scale, "connector: git", "connector: kubernets"])).toMatchObject([{ near: ["kubernetes"] }]);
  });

  it("is refused in the service's file where one service's value is wrong, for each action that takes it", () => {
    const found = mistakesOf([search, "path: apps/search/us-east-1", "path: ../search/us-east-1"]);
    expect(found).toMatchObject([
      { file: search, field: "/regions/us-east-1/values/path", found: "`../search/us-east-1/deployment.yaml`" },
      { file: search, field: "/regions/us-east-1/values/path" },
    ]);
    expect(found.map(({ expected }) => expected.replace(/^.*: actions/, "actions"))).toEqual([
      "actions/deploy.yaml, /operation/edits/0/path takes {{service.path}} in region us-east-1",
      "actions/scale.yaml, /operation/edits/0/path takes {{service.path}} in region us-east-1",
    ]);
  });

  it("is refused in its own file where every service makes the same mistake of it", () => {
    const found = mistakesOf([scale, '"{{service.path}}"', '"/{{service.path}}"']);
    expect(found).toMatchObject([{ file: scale, field: "/operation/edits/0/path" }]);
    expect(found[0]?.found).toMatch(/services\/checkout.yaml, \/regions\/[a-z0-9-]+, and the like with 2 more$/);
  });

  it("is judged where it compiles, and nowhere else", () => {
    const files: Record<string, string> = { ...control.files, "actions/restart.yaml": restart() };
    const packed = packBundle(files);
    // Only one region has {{service.odd}}, and it is no name of an object.
    expect(packed).toMatchObject({
      error: { mistakes: [{ file: checkout, field: "/regions/us-east-1/values/object", found: expect.any(String) }] },
    });
    const text = files[checkout] ?? "";
    const right = packBundle({ ...files, [checkout]: text.replace('odd: "{{parameters.label}}"', "odd: odd") });
    expect(right).toMatchObject({ ok: true });
  });

  it("that no service fits is refused: nobody could tell what it changes", () => {
    const text = restart().replace("{{service.odd}}", "{{service.even}}");
    const services = { [checkout]: control.files[checkout] ?? "", [search]: control.files[search] ?? "" };
    const packed = packBundle({
      ...control.files,
      ...services,
      [search]: (services[search] ?? "")
        .replace("namespace: search", "even: even")
        .replace("object: search", "other: x"),
      "actions/restart.yaml": text,
    });
    expect(packed).toMatchObject({ error: { mistakes: [{ file: "actions/restart.yaml", field: "/operation" }] } });
  });

  it("with several mistakes is refused with all of them", () => {
    const found = mistakesOf(
      [scale, "branch: main", "branch: -f"],
      [scale, "identity: held", "identity: minted"],
      ["actions/deploy.yaml", "format: yaml", "format: ini"],
      [search, "path: apps/search", "path: apps//search"],
    );
    expect(found.map(({ file, field }) => `${file} ${field}`)).toEqual([
      "actions/deploy.yaml /operation/edits/0/format",
      "actions/scale.yaml /operation/branch",
      "actions/scale.yaml /identity",
      "services/search.yaml /regions/us-east-1/values/path",
      "services/search.yaml /regions/us-east-1/values/path",
    ]);
  });
});

describe("checkPrecondition", () => {
  const packed = packBundle(control.files);
  if (!packed.ok) throw new Error(packed.error.detail);
  const opened = openBundle(packed.value.text, packed.value.digest);
  if (!opened.ok) throw new Error(opened.error.detail);
  const key = "blob:apps/checkout/us-east-1/deployment.yaml";
  const resource = "service:checkout/region:us-east-1";
  const codeOf = (precondition: Record<string, string>, action = "deploy", on = resource) => {
    const checked = checkPrecondition(opened.value, { action, resource: on, precondition });
    return checked.ok ? "ok" : checked.error.code;
  };

  it("takes what the connector's observation makes, and nothing else", () => {
    expect(codeOf({ [key]: "a".repeat(40) })).toBe("ok");
    for (const other of [
      {},
      { [key]: "" },
      { [key]: "A".repeat(40) },
      { [key]: "a".repeat(40), more: "x" },
      { "blob:apps/search/us-east-1/deployment.yaml": "a".repeat(40) },
      { uid: "x" },
    ])
      expect(codeOf(other)).toBe("contract_mismatch");
  });

  it("fits one resource of one action", () => {
    const condition = { [key]: "a".repeat(40) };
    expect(codeOf(condition, "deploy", "service:checkout/region:eu-west-1")).toBe("contract_mismatch");
    expect(codeOf(condition, "destroy")).toBe("contract_mismatch");
    expect(codeOf(condition, "deploy", "service:payments/region:us-east-1")).toBe("contract_mismatch");
    expect(codeOf(condition, "tune", "service:search/region:us-east-1")).toBe("contract_mismatch");
  });
});

describe("targetMistakes", () => {
  it("judges each entry by its connector's language, and repeats no value", () => {
    const targets = {
      gitops: { connector: "git", url: "https://user:hunter2@git.example/ops.git" },
      cluster: { connector: "kubernetes", server: "https://kube.example", token_file: "hunter2" },
      other: { connector: "kubernets", server: "hunter2" },
      right: { connector: "git", url: "/srv/ops.git" },
    };
    const found = [...targetMistakes({ ver: 1, targets })];
    expect(found.map(({ field }) => field)).toEqual([
      "/targets/gitops/url",
      "/targets/cluster/token_file",
      "/targets/other/connector",
    ]);
    expect(found[2]).toMatchObject({ near: ["kubernetes"] });
    expect(JSON.stringify(found)).not.toContain("hunter2");
  });
});

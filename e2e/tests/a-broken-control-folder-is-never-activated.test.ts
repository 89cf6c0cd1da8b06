import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type CommandResult, runCommand, type TempDir, tempDir } from "@seb/testkit";
import { http } from "../harness/agent.js";
import { BIN, ROOT, SERVICE_MAIN } from "../harness/build.js";
import { activate, type ControlFiles, installBundle, readControl } from "../harness/control.js";
import { type Environment, startEnvironment } from "../harness/environment.js";
import { ACTION_ROWS } from "../harness/mistakes/actions.js";
import { DEFINITION_ROWS } from "../harness/mistakes/definitions.js";
import { FILE_ROWS, POLICY_SENSE_ROWS, POLICY_SHAPE_ROWS } from "../harness/mistakes/policy.js";
import type { Row } from "../harness/mistakes/row.js";
import { giveOrderByTwo } from "../harness/orders.js";

/**
 * Mistakes that stand in one folder at once: each must be told by each command, and nothing else. Mistakes in the Cedar texts are those
 * of a-rule-that-can-never-apply-is-refused, operations in a connector's language those of policy-that-cannot-be-trusted-issues-nothing.
 */
const FOLDERS: readonly (readonly [name: string, code: string, rows: readonly Row[]])[] = [
  ["actions", "catalogue_invalid", ACTION_ROWS],
  ["services, agents, people and roots", "catalogue_invalid", DEFINITION_ROWS],
  ["policy files that contradict others", "catalogue_invalid", POLICY_SENSE_ROWS],
  ["policy files of the wrong shape", "catalogue_invalid", POLICY_SHAPE_ROWS],
  ["files", "bundle_unreadable", FILE_ROWS],
];

interface Told {
  readonly file: string;
  readonly field?: string;
  readonly line?: number;
  readonly found: string;
  readonly expected: string;
  readonly near?: readonly string[];
}
interface Said {
  readonly exit: number | null;
  readonly code: string;
  readonly mistakes: readonly Told[];
  readonly active: unknown;
}

const COMMANDS: readonly (readonly [string, (folder: string) => string[]])[] = [
  ["seb config check", (folder) => ["config", "check", folder]],
  ["seb policy test", (folder) => ["policy", "test", "--control", folder]],
  ["seb policy pack", (folder) => ["policy", "pack", "--control", folder]],
  ["seb policy activate", (folder) => ["policy", "activate", "--control", folder, "--reason", "a test"]],
];

let world: Environment;
let control: ControlFiles;
let good: string;
let place: TempDir;
/** What each command said of each folder, and the texts of the folder. */
const said = new Map<string, Said>();
const texts = new Map<string, Map<string, string>>();

const active = async () => (await http(`${world.urls.revocation}/v1/revocations`)).body.bundle;

/** Writes the environment's control folder with every mistake of some rows. A new action is a copy of `deploy`. */
function folderOf(name: string, rows: readonly Row[]): string {
  const files = new Map<string, string | Buffer | undefined>(Object.entries(control));
  for (const { file, change } of rows) {
    const stem = file.slice(file.lastIndexOf("/") + 1, -".yaml".length);
    const before = files.get(file) ?? control["actions/deploy.yaml"]?.replace("name: deploy", `name: ${stem}`);
    files.set(file, change(String(before)));
  }
  const folder = join(place.path, name.replaceAll(/[ ,]+/g, "-"));
  for (const [path, text] of files) {
    if (text === undefined) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  texts.set(name, new Map([...files].map(([path, text]) => [path, String(text ?? "")])));
  return folder;
}

async function run(args: readonly string[]): Promise<Said> {
  const done = await world.run("seb", [...args, "--json"]);
  const answer = JSON.parse(done.stdout);
  return { exit: done.code, code: answer.code, mistakes: answer.mistakes ?? [], active: await active() };
}

beforeAll(async () => {
  place = await tempDir("seb-broken-");
  world = await startEnvironment();
  control = readControl(world);
  good = await activate(world, control);
  for (const [name, , rows] of FOLDERS) {
    const folder = folderOf(name, rows);
    for (const [command, args] of COMMANDS) said.set(`${command} ${name}`, await run(args(folder)));
  }
}, 300_000);
afterAll(async () => {
  await world?.cleanup();
  await place?.cleanup();
});

/** What a command said of a row's mistake. */
function toldOf(row: Row, mistakes: readonly Told[]): Told | undefined {
  return mistakes.find(
    ({ file, field, found }) =>
      file === row.file && (row.field === undefined || field === row.field) && found.includes(row.found),
  );
}

/** Line, from 1, of the first line that holds a text. */
function lineOf(folder: string, file: string, at: string): number {
  const lines = (texts.get(folder)?.get(file) ?? "").split("\n");
  return lines.findIndex((line) => line.includes(at)) + 1;
}

describe.each(FOLDERS)("a folder with mistakes in %s", (name, code, rows) => {
  it.each(COMMANDS)("is refused by %s, which tells every mistake and nothing else", (command) => {
    const { exit, code: told, mistakes } = said.get(`${command} ${name}`) as Said;
    expect({ exit, told }).toEqual({ exit: 1, told: code });
    const unknown = mistakes.filter((mistake) => !rows.some((row) => toldOf(row, [mistake])));
    expect(unknown).toEqual([]);
    expect(mistakes).toHaveLength(rows.length);
  });

  it("is not activated: the bundle in force is the one before", () => {
    for (const [command] of COMMANDS) expect(said.get(`${command} ${name}`)?.active).toBe(good);
  });

  it.each(rows.map((row) => [row.name, row] as const))(
    "%s: file, field, line, found, expected, near names",
    (_, row) => {
      for (const [command] of COMMANDS) {
        const told = toldOf(row, said.get(`${command} ${name}`)?.mistakes ?? []);
        expect({ command, told }).toEqual({ command, told: expect.anything() });
        expect(told?.expected).not.toBe("");
        if (row.at !== undefined) expect(told?.line).toBe(lineOf(name, row.file, row.at));
        if (row.near !== undefined) expect(told?.near?.[0]).toBe(row.near);
      }
    },
  );
});

describe("mistakes", () => {
  it("are many, and of each kind of file", () => {
    const rows = FOLDERS.flatMap(([, , some]) => some);
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    expect(rows.length).toBeGreaterThanOrEqual(80);
  });

  it("are told a person one a line, and no secret that was put into the wrong place is repeated", async () => {
    const folder = folderOf("for people", DEFINITION_ROWS);
    const { code, stderr } = await world.run("seb", ["policy", "pack", "--control", folder]);
    expect(code).toBe(1);
    expect(stderr.split("\n").filter((line) => /: found .*, expected /.test(line))).toHaveLength(
      DEFINITION_ROWS.length,
    );
    expect(stderr).toContain("did you mean `scale`?");
    expect(stderr).not.toContain("hunter2");
  });

  it("of a bundle that was packed by hand are told when its activation is ordered", async () => {
    const text = control["policy/modes.yaml"]?.replace("search: shadow", "serch: shadow") ?? "";
    const bundle = installBundle(world, { ...control, "policy/modes.yaml": text });
    const answer = await giveOrderByTwo(world, { do: "activate", bundle, wire: 1 });
    expect(answer.body).toMatchObject({ code: "bundle_invalid" });
    expect(answer.body.detail).toContain("policy/modes.yaml, line 11, /actions/scale/services/serch: found `serch`");
    expect(answer.body.detail).toContain("did you mean `search`?");
    expect(await active()).toBe(good);
  });

  it("of a link and of names that nobody can read are told by what can be printed", async () => {
    const folder = folderOf("odd names", []);
    symlinkSync("deploy.yaml", join(folder, "actions/linked.yaml"));
    writeFileSync(join(folder, "actions/\u202eyaml.yolped\u001b[31m.yaml"), "ver: 1\n");
    const { mistakes } = await run(["policy", "pack", "--control", folder]);
    expect(mistakes.map(({ found }) => found).sort()).toEqual([
      "a file that does not belong here",
      "neither a file nor a folder, e.g. a link",
    ]);
    expect(JSON.stringify(mistakes)).not.toMatch(/[\u202e\u001b]/);
  });
});

describe("the platform's files", () => {
  const CEILINGS = readFileSync(join(ROOT, "examples/ceilings.yaml"), "utf8");
  const TARGETS = readFileSync(join(ROOT, "examples/targets.yaml"), "utf8");
  let folder: string;
  const node = (...args: readonly string[]): Promise<CommandResult> =>
    runCommand({ command: process.execPath, args, env: { PATH: process.env.PATH }, cwd: folder });
  const write = (ceilings: string, targets: string) => {
    for (const [name, text] of [
      ["ceilings.yaml", ceilings],
      ["targets.yaml", targets],
    ] as const)
      writeFileSync(join(folder, "env/broker", name), text);
  };
  beforeAll(async () => {
    folder = join(place.path, "platform");
    mkdirSync(folder);
    expect(await node(BIN.seb, "init", "--env", "prod", "--out", "env")).toMatchObject({ code: 0 });
    const sign = ["trust", "sign", "env/trust/trust.json", "--pins", "env/trust/trust-pins.json", "--owner"];
    expect(await node(BIN.seb, ...sign, "env/owners/owner-1.json")).toMatchObject({ code: 4 });
    expect(await node(BIN.seb, ...sign, "env/owners/owner-2.json")).toMatchObject({ code: 0 });
  });

  it("are told their mistakes by broker --check-config, those of both at once", async () => {
    const check = () => node(SERVICE_MAIN.broker, "--config", "env/broker/broker.yaml", "--check-config");
    expect(await check()).toMatchObject({ code: 0 });
    write(
      CEILINGS.replace("max_tier: 2", "max_teir: 2").replace('"agent:oncall-v3"', '"oncall-v3"'),
      TARGETS.replace("connector: git", "connector: gti").replace("branch: main", "branch: -main"),
    );
    const { code, stderr } = await check();
    expect(code).toBe(2);
    expect(stderr).toMatch(/ceilings\.yaml.*\/max_teir: found the field `max_teir`.*did you mean `max_tier`\?/);
    expect(stderr).toMatch(/ceilings\.yaml.*\/subjects\/0: found `oncall-v3`, expected `agent:<name>` or `agent:\*`/);
    expect(stderr).toMatch(/targets\.yaml.*\/targets\/gitops\/connector: found `gti`.*did you mean `git`\?/);
  });

  it("are checked against the control folder by seb config check, when given with it", async () => {
    write(
      CEILINGS.replace("[deploy, scale]", "[deploy, sclae]")
        .replace("region:eu-west-1", "region:eu-wset-1")
        .replace("agent:oncall-v3", "agent:oncall-v2")
        .replace("max_lifetime_seconds: 120", "max_lifetime_seconds: 60"),
      TARGETS.replace("gitops:", "gitosp:"),
    );
    const files = ["env/broker/ceilings.yaml", "env/broker/targets.yaml"];
    expect(await node(BIN.seb, "config", "check", ...files)).toMatchObject({ code: 0 });
    cpSync(join(ROOT, "examples/control"), join(folder, "control"), { recursive: true });
    const { code, stdout } = await node(BIN.seb, "config", "check", "control", ...files, "--json");
    expect(code).toBe(2);
    expect(JSON.parse(stdout).mistakes).toMatchObject([
      { file: "ceilings.yaml", field: "/actions/1", near: ["scale"] },
      { file: "ceilings.yaml", field: "/subjects/0", near: ["agent:oncall-v3"] },
      { file: "ceilings.yaml", field: "/resources/1", near: ["service:checkout/region:eu-west-1"] },
      { file: "ceilings.yaml", field: "/max_lifetime_seconds", found: "60" },
      { file: "services/checkout.yaml", field: "/regions/us-east-1/target", near: ["gitosp"] },
      { file: "services/checkout.yaml", field: "/regions/eu-west-1/target", near: ["gitosp"] },
      { file: "services/search.yaml", field: "/regions/us-east-1/target", near: ["gitosp"] },
    ]);
    rmSync(join(folder, "control"), { recursive: true });
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { http } from "../harness/agent.js";
import { activate, type ControlFiles, readControl, writeControl } from "../harness/control.js";
import { type Environment, startEnvironment, until } from "../harness/environment.js";
import { hotfix } from "../harness/scene.js";

let world: Environment;
let control: ControlFiles;

beforeAll(async () => {
  world = await startEnvironment();
  control = readControl(world);
});
afterAll(() => world?.cleanup());

const FILE = "policy/95-own.cedar";
/** A rule for a risk that no policy test has: where it can apply, the folder's own tests do not meet it. */
const rule = (condition: string, scope = "principal, action, resource") =>
  `@id("own")\n@rank("95")\nforbid (${scope})\nwhen { context.risk == 99 && ${condition} };\n`;

interface Said {
  readonly exit: number | null;
  readonly code: unknown;
  readonly mistakes: unknown;
}
let folders = 0;
const folderOf = (files: ControlFiles) =>
  writeControl(join(world.folder, `folder-${++folders}`), { ...control, ...files });

/** What a command says of a folder; asked again where a busy machine leaves the policy tests no time. */
async function said(args: readonly string[]): Promise<Said> {
  let answer: Said = { exit: 0, code: "deadline_exceeded", mistakes: undefined };
  for (let tries = 0; tries < 8 && answer.code === "deadline_exceeded"; tries++) {
    const done = await world.run("seb", [...args, "--json"]);
    const { code, mistakes } = JSON.parse(done.stdout);
    answer = { exit: done.code, code, mistakes };
  }
  return answer;
}
const looks: readonly (readonly [string, (folder: string) => readonly string[]])[] = [
  ["seb policy test", (folder) => ["policy", "test", "--control", folder]],
  ["seb config check", (folder) => ["config", "check", folder]],
  ["seb policy activate", (folder) => ["policy", "activate", "--control", folder, "--reason", "a test"]],
];
const active = async () => (await http(`${world.urls.revocation}/v1/revocations`)).body.bundle;

describe("a rule that can never apply is refused", () => {
  const mistakes = [
    { file: FILE, line: 4, found: '`Service::"serch"`', near: ['Service::"search"'] },
    { file: FILE, line: 4, found: '`Team::"none"`' },
  ];

  it.each(looks)("by %s, with every place, and nothing is activated", async (_, args) => {
    const before = await active();
    const folder = folderOf({ [FILE]: rule('(resource == Service::"serch" || principal in Team::"none")') });
    const answer = await said(args(folder));
    expect(answer).toMatchObject({ exit: 1, code: "bundle_unreadable" });
    expect(answer.mistakes).toEqual(mistakes.map((mistake) => expect.objectContaining(mistake)));
    expect(await active()).toBe(before);
  });

  it.each([
    ["a service that is not there", rule("true", 'principal, action, resource == Service::"serch"')],
    ["an agent that is not there", rule('principal == Agent::"nobody"')],
    ["an action that is not there", rule("true", 'principal, action == Action::"drop", resource')],
    ["a team that owns nothing", rule('resource.owner == Team::"none"')],
    ["a region that is not there", rule('context.region == "mars"')],
    ["an attribute that the signer never fills", rule("(context.freeze || principal has foo)")],
    ["a tag that the signer never fills", rule('(context.freeze || principal.hasTag("x"))')],
    ["a parent that no agent has", rule('(context.freeze || principal in Service::"checkout")')],
    ["a type that no agent is", rule("(context.freeze || principal is Service)")],
    ["a comment within its @id", rule("context.freeze").replace('@id("own")', '@id // ours\n("own")')],
  ])("over %s", async (_, text) => {
    const answer = await said(["policy", "test", "--control", folderOf({ [FILE]: text })]);
    expect(answer).toMatchObject({ exit: 1, code: "bundle_unreadable" });
    expect(answer.mistakes).toEqual([expect.objectContaining({ file: FILE, line: expect.any(Number) })]);
  });

  it("not when it can: rules over owners and what the folder defines pass", async () => {
    const rules = [
      "principal.owner == resource.owner",
      "principal in resource.owner",
      'resource in Team::"team-checkout"',
      'principal == Agent::"oncall-v3" && context.region == "eu-west-1"',
    ];
    const policies = rules.map((condition, at): [string, string] => [
      `policy/9${at + 1}-own.cedar`,
      rule(condition)
        .replace('"own"', `"own-${at}"`)
        .replace('"95"', `"9${at + 1}"`),
    ]);
    const answer = await said(["policy", "test", "--control", folderOf(Object.fromEntries(policies))]);
    expect(answer).toMatchObject({ exit: 0 });
  });

  it("by the signer, which is not ready under such a bundle", async () => {
    const ready = async () => (await http(`${world.urls.signer}/readyz`)).status;
    await activate(world, { ...control, [FILE]: rule('principal == Agent::"nobody"') });
    await until("the signer is not ready", async () => (await ready()) === 503);
    expect((await world.agent.request(hotfix(world))).body).toMatchObject({ code: "bundle_invalid" });
    await activate(world, control);
    await until("the signer is ready again", async () => (await ready()) === 200);
  });
});

describe("the Cedar schema", () => {
  it("is written for the folder's actions, and a folder that holds a copy is refused with a remedy", async () => {
    const out = join(world.folder, "seb.cedarschema");
    const done = await world.run("seb", ["policy", "schema", "--control", folderOf({}), "--out", out]);
    expect(done.code).toBe(0);
    const schema = readFileSync(out, "utf8");
    expect(schema).toContain('action "deploy", "scale" appliesTo');
    const answer = await said(["policy", "test", "--control", folderOf({ "policy/schema.cedarschema": schema })]);
    expect(answer).toMatchObject({ exit: 1, code: "bundle_unreadable" });
    expect(answer.mistakes).toEqual([
      expect.objectContaining({ file: "policy/schema.cedarschema", expected: expect.stringContaining("delete it") }),
    ]);
  });
});

import { spawn } from "node:child_process";
import { cpSync, openSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type CommandResult, runCommand, type TempDir, tempDir } from "@seb/testkit";
import { BIN, ROOT } from "../harness/build.js";

let place: TempDir;
beforeAll(async () => {
  place = await tempDir("seb-mistakes-");
});
afterAll(() => place?.cleanup());

const EXAMPLE = join(ROOT, "examples/control");
const POLICY = "policy/10-auto-low-risk.cedar";
const env = { PATH: process.env.PATH };
const seb = (...args: readonly string[]): Promise<CommandResult> =>
  runCommand({ command: process.execPath, args: [BIN.seb, ...args, "--json"], env, cwd: place.path });

/** A copy of the example control folder after a change. */
function folderWith(name: string, change: (folder: string) => void): string {
  const folder = join(place.path, name);
  cpSync(EXAMPLE, folder, { recursive: true });
  change(folder);
  return folder;
}
const edited = (path: string, change: (text: string) => string) => (folder: string) => {
  const text = readFileSync(join(folder, path), "utf8");
  expect(change(text)).not.toBe(text);
  writeFileSync(join(folder, path), change(text));
};

/** Each with a word that the detail has to hold: where the mistake is. */
const BROKEN: readonly (readonly [string, (folder: string) => void, string])[] = [
  [
    "cedar-that-does-not-parse",
    edited(POLICY, (text) => text.replace("permit", "allow")),
    "line 4 column 1: found `allow`",
  ],
  ["an-unknown-context-field", edited(POLICY, (text) => text.replace("context.risk", "context.luck")), "luck"],
  ["no-id", edited(POLICY, (text) => text.replace(/^@id.*\n/m, "")), "@id"],
  [
    "an-id-twice",
    (folder) => cpSync(join(folder, POLICY), join(folder, "policy/11-again.cedar")),
    "expected an `@id` of its own for each policy",
  ],
  [
    "a-failing-test",
    edited("policy/tests/deploy.yaml", (text) => text.replace(/expect: \[.+\]/, "expect: []")),
    "line 16, /tests/0: found a permit by auto-low-risk-v2",
  ],
  [
    "a-link",
    (folder) => {
      renameSync(join(folder, "policy/90-no-critical.cedar"), join(folder, "..", "elsewhere.cedar"));
      symlinkSync("../../elsewhere.cedar", join(folder, "policy/90-no-critical.cedar"));
    },
    "policy/90-no-critical.cedar",
  ],
  ["a-link-to-nothing", (folder) => symlinkSync("/nowhere", join(folder, "actions/more.yaml")), "actions/more.yaml"],
];

describe("a mistake in a control folder", () => {
  it.each(BROKEN)("%s: refused as the folder's own, by each command that looks at it", async (name, change, word) => {
    const folder = folderWith(name, change);
    const bundles = ["--bundles", join(place.path, "bundles")];
    const lines = [
      ["policy", "test", "--control", folder],
      ["policy", "activate", "--control", folder, "--reason", "a test", ...bundles],
      ["config", "check", folder],
    ];
    for (const line of lines) {
      const { code, stdout } = await seb(...line);
      const said = JSON.parse(stdout);
      // Only `activate` has so little time that a busy machine may take all of it.
      if (line[1] === "activate" && said.code === "deadline_exceeded") continue;
      expect({ line: line[1], exit: code, code: said.code }).toEqual({
        line: line[1],
        exit: 1,
        code: "bundle_unreadable",
      });
      expect(String(said.detail)).toContain(word);
    }
  });

  it("a folder without one passes", async () => {
    const folder = folderWith("good", (at) =>
      writeFileSync(join(at, ".notes"), "names that begin with a dot are left out"),
    );
    expect(await seb("config", "check", folder)).toMatchObject({ code: 0 });
    const tested = await seb("policy", "test", "--control", folder);
    expect({ code: tested.code, ok: JSON.parse(tested.stdout).ok }).toEqual({ code: 0, ok: true });
    rmSync(folder, { recursive: true });
  });
});

describe("an answer that could not be written", () => {
  it.each([[["config", "show"]], [["config", "show", "--json"]], [["--help"]]])("%j: exit 3, and why", async (args) => {
    const child = spawn(process.execPath, [BIN.seb, ...args], {
      cwd: place.path,
      env,
      stdio: ["ignore", openSync("/dev/full", "w"), "pipe"],
    });
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const exit = await new Promise((resolve) => child.on("close", resolve));
    expect(exit).toBe(3);
    expect(said).toContain("ENOSPC");
  });
});

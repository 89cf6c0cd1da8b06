import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Scene, Stage } from "./stage.js";

const FILE = "broker-1.jsonl";

/** Exchanges one character in the middle of a line. */
async function editOneByte(path: string, line: number): Promise<void> {
  const lines = (await readFile(path, "latin1")).split("\n");
  const text = lines[line - 1] ?? "";
  const at = Math.floor(text.length / 2);
  lines[line - 1] = `${text.slice(0, at)}${text.charAt(at) === "A" ? "B" : "A"}${text.slice(at + 1)}`;
  await writeFile(path, lines.join("\n"), "latin1");
}

async function findTheEdit(stage: Stage): Promise<void> {
  const copy = join(stage.folder, "copied-records");
  await cp(stage.path("broker", "records"), copy, { recursive: true });
  const file = join(copy, FILE);
  const line = Math.ceil(((await readFile(file, "latin1")).split("\n").length - 1) / 2);
  await editOneByte(file, line);
  stage.say(`  one character of line ${line} in a copy of the broker's records is exchanged`);
  const verify = ["audit", "verify", "--records", copy, "--heads", stage.path("heads", "broker")];
  const { stderr } = await stage.run("seb", verify, { exit: 1, code: "records_broken" });
  stage.expect(stderr.includes(`line ${line},`), `the edit is located in line ${line}`);
  stage.so(`found: line ${line}`);
}

/** Who did what under which policy, and that nobody edited it. The services end here, which closes their chains. */
export function auditScenes(): readonly Scene[] {
  return [
    {
      title: "Who did what under which policy",
      about: "Read from the signed records of the broker alone.",
      async play(stage) {
        const { stdout: all } = await stage.run("seb", ["audit", "query", "--writes"]);
        const month = /(\d{4}-\d{2})-\d{2}T[^\n]*under emergency-rollback/.exec(all)?.[1] ?? "none";
        const asked = ["audit", "query", "--month", month, "--policy", "emergency-rollback", "--writes"];
        const { stdout } = await stage.run("seb", asked);
        stage.expect(stdout.includes("1 executed"), "one write under emergency-rollback");
        stage.so("one write was made under emergency-rollback this month");
      },
    },
    {
      title: "The records verify",
      about: "The services are stopped, which closes their chains; every record is checked from the first one on.",
      async play(stage) {
        stage.expect((await stage.services.stop()) === 0, "seb dev drains and ends with 0");
        await stage.run("seb", ["audit", "verify"]);
        stage.so("three chains, complete and as written");
      },
    },
    {
      title: "One edited byte",
      about: "Somebody edits a record.",
      play: findTheEdit,
    },
  ];
}

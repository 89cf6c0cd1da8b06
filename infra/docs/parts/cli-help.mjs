// Prints every --help of the three command lines as JSON: [{program, path, help}]. A process of its own, so that no terminal decides the width.

import { runAgentCli, runBrokerCli } from "@seb/agent-cli";
import { run as runSeb } from "@seb/seb";

const silent = {
  env: {},
  cwd: "/",
  home: "/",
  stdoutIsTty: false,
  stderrIsTty: false,
  nowMs: () => 0,
  elapsedMs: () => 0,
  stdin: () => "",
  colour: false,
};

const PROGRAMS = {
  "agent-cli": (argv, write) => runAgentCli({ ...silent, argv, stdout: write, stderr: write }),
  "broker-cli": (argv, write) => runBrokerCli({ ...silent, argv, stdout: write, stderr: write }),
  seb: (argv, write) => runSeb(argv, { ...silent, out: write, err: write }),
};

/** Names in the list of commands that a help text shows. */
function commandsIn(help) {
  const [, list = ""] = /^Commands:\n((?: .*\n)+)/m.exec(help) ?? [];
  return [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name]) => name).filter((name) => name !== "help");
}

const all = [];
async function read(program, path) {
  let help = "";
  const exit = await PROGRAMS[program]([...path, "--help"], (text) => {
    help += text;
  });
  if (exit !== 0) throw new Error(`${program} ${path.join(" ")} --help ended with ${exit}`);
  all.push({ program, path, help });
  for (const name of commandsIn(help)) await read(program, [...path, name]);
}

for (const program of Object.keys(PROGRAMS)) await read(program, []);
process.stdout.write(JSON.stringify(all));

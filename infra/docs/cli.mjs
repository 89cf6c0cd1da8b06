import { join } from "node:path";
import { captureChild, root } from "../process.mjs";
import { generated, page } from "./parts/markdown.mjs";

export const file = "docs/cli.md";

const INTRO = `Three programs: \`agent-cli\` for agents and pipelines, \`broker-cli\` for asking the broker, \`seb\` for operators. The texts below are their
own \`--help\`. In a checkout, \`npm run build\` makes them and \`node_modules/.bin\` holds them: put that folder on the PATH. Take them from
there only; packages of the same names in public registries are somebody else's.

A setting is taken from its flag, else from its \`SEB_*\` variable, else from the nearest \`.seb\` folder at or above the working directory
([config.md](config.md)). With \`--json\` the result is one JSON object on standard output; a refusal's goes to standard error
(\`agent-cli\`, \`broker-cli\`) or standard output (\`seb\`). Refusals name a code of [codes.md](codes.md), which decides the exit code.`;

export async function render() {
  const reader = join(root, "infra", "docs", "parts", "cli-help.mjs");
  const env = { PATH: process.env.PATH, COLUMNS: "100", NO_COLOR: "1" };
  const { code, output } = await captureChild(process.execPath, [reader], { env });
  if (code !== 0) throw new Error(`the command lines did not tell their help:\n${output}`);
  const all = JSON.parse(output);
  const sections = all.flatMap(({ program, path, help }) => {
    const name = [program, ...path].join(" ");
    const text = help.trimEnd().replace(/[ \t]+$/gm, "");
    return [`${path.length === 0 ? "##" : "###"} ${name}`, `\`\`\`text\n${text}\n\`\`\``];
  });
  return page("# Command lines", generated("cli.mjs"), INTRO, ...sections);
}

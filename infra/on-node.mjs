// `npm run on-node -- 22 test`: a root script on another version of Node.
import { delimiter, dirname, join } from "node:path";
import { ensureNode, majors, NodeUnavailable } from "./node-versions.mjs";
import { root, runChild, say } from "./process.mjs";

const USAGE = `usage: npm run on-node -- ${majors.join("|")} TASK [arguments of the task]
  Runs a root script (npm run TASK) on another version of Node, which npm fetches once into ~/.cache/seb/node.
  npm run on-node -- 22 test
  npm run on-node -- 24 test:unit packages/mounts
  npm run on-node -- 24 test:e2e --embedded tests/a-certificate-works-once
Exit code: the task's own; 2 for wrong use; 3 when that Node cannot be had.`;

/** The environment in which `node` is this one, also for scripts that look for it on the PATH. */
const withFirst = (path) => ({ ...process.env, PATH: `${dirname(path)}${delimiter}${process.env.PATH ?? ""}` });

async function main([major, task, ...args]) {
  if (major === "--help" || major === "-h") {
    console.log(USAGE);
    return 0;
  }
  if (!majors.includes(major ?? "") || task === undefined) {
    console.error(USAGE);
    return 2;
  }
  try {
    const { path, version } = await ensureNode(major, { onProgress: say });
    say(`${task} on Node ${version}`);
    return await runChild(path, [join(root, "infra", "run.mjs"), task, ...args], { env: withFirst(path) });
  } catch (error) {
    if (!(error instanceof NodeUnavailable)) throw error;
    say(error.message);
    return 3;
  }
}

process.exitCode = await main(process.argv.slice(2));

// `sweep.mjs TARGET NAMESPACE OLDER_THAN_MS`: one round of the build's janitor; prints what was swept as JSON. TARGET is an entry of targets.yaml as JSON.
import { pathToFileURL } from "node:url";

const [target, namespace, olderThanMs] = process.argv.slice(2);
const { createJanitor } = await import(
  pathToFileURL(`${process.env.SEB_ROOT}/packages/connector-kubernetes/dist/index.js`).href
);
const janitor = createJanitor({ target: JSON.parse(target), namespaces: [namespace] });
if (!janitor.ok) throw new Error(janitor.error.code);
const swept = await janitor.value.sweep({ olderThanMs: Number(olderThanMs), signal: AbortSignal.timeout(30_000) });
janitor.value.close();
if (!swept.ok) throw new Error(swept.error.code);
process.stdout.write(`${JSON.stringify(swept.value)}\n`);

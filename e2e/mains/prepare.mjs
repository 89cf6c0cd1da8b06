// `prepare.mjs FOLDER URLS`: everything that `seb dev` would put into a new folder, without starting a service.
import { pathToFileURL } from "node:url";

const [folder, urls] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(`${process.env.SEB_ROOT}/${path}`).href);
const { layoutOf } = await load("apps/dev/dist/layout.js");
const { prepareFolder } = await load("apps/dev/dist/setup/prepare.js");
const { makeAgentFile } = await load("apps/dev/dist/setup/agent-file.js");
const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
const layout = layoutOf(folder);
await prepareFolder(layout, clock, () => {});
await makeAgentFile(layout, JSON.parse(urls));

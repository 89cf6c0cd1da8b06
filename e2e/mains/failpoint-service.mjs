// `failpoint-service.mjs broker|signer --config FILE`: one service's own process with the failpoint of hook.mjs.
import { pathToFileURL } from "node:url";
import { hook } from "./hook.mjs";

const [name, ...args] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(`${process.env.SEB_ROOT}/${path}`).href);
const { runMain } = await load("packages/service-kit/dist/index.js");
const settings = await load(`apps/${name}/dist/main-config.js`);
const deps = await load(`apps/${name}/dist/deps.js`);
const [open, read, check] =
  name === "signer"
    ? [deps.openSigner, settings.readSignerSettings, settings.checkSignerSettings]
    : [deps.openBroker, settings.readBrokerSettings, settings.checkBrokerSettings];
const main = {
  name,
  opens: { wire: [1], opens: {} },
  read,
  check,
  address: ({ service }) => service,
  open: (found, round) => open(found, round, hook),
};
process.exit(await runMain(main, args));

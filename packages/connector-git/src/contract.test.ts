import { type ConnectorRig, connectorContract } from "@seb/connector/contract";
import { gitLanguage } from "@seb/connector-git-language";
import { connect, contractOf, LOOK, OPERATION } from "../test/change.js";
import { DEPLOYMENT, GitRig, MANIFEST, NEW_IMAGE, OLD_IMAGE } from "../test/rig.js";

const CHANGED = MANIFEST.replace(OLD_IMAGE, NEW_IMAGE).replace("replicas: 3 #", "replicas: 7 #");

async function start(): Promise<ConnectorRig> {
  const rig = await GitRig.start({
    [DEPLOYMENT]: MANIFEST,
    "100755:tools/run.sh": "echo\n",
    "apps/other.yaml": "a: 1\n",
  });
  let changes = 0;
  return {
    connector: connect(rig),
    language: gitLanguage,
    look: LOOK,
    operation: OPERATION,
    contract: (precondition) => contractOf(precondition),
    state: async () => {
      const paths = Object.entries(await rig.tree());
      return Object.fromEntries(
        await Promise.all(paths.map(async ([path, entry]) => [path, [entry.slice(0, 6), await rig.read(path)]])),
      );
    },
    changed: (before) => ({ ...(typeof before === "object" ? before : {}), [DEPLOYMENT]: ["100644", CHANGED] }),
    marked: async (certId) => {
      const marker = await rig.ref(`refs/seb/${certId}`);
      return marker !== "" && (await rig.git(["cat-file", "-t", marker])) === "commit";
    },
    drift: async () => {
      changes += 1;
      await rig.commit({ [DEPLOYMENT]: MANIFEST.replace("replicas: 3", `replicas: ${20 + changes}`) });
    },
    unrelated: async () => {
      changes += 1;
      await rig.commit({ "apps/other.yaml": `a: ${changes + 1}\n` });
    },
    stop: () => rig.stop(),
  };
}

connectorContract("git", start);

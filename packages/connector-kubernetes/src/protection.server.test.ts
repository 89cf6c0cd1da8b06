import { describe } from "@jest/globals";
import { type ProtectionRig, protectionContract } from "@seb/connector/contract";
import { leftOut, type RunningKube, startKube } from "@seb/testkit";
import { deployment } from "../test/change.js";
import { Cluster, SYSTEM } from "../test/cluster.js";
import { minter } from "../test/minted.js";
import { apply, CHANGES, configMap, INSTALLER, PLANS, SHOP, TOKENS } from "../test/secured.js";
import { createKubernetesProtection } from "./index.js";
import type { Manifest } from "./render/index.js";

const suite = (await leftOut(["etcd", "kube-apiserver"])) === undefined ? describe : describe.skip;
const RBAC = "/apis/rbac.authorization.k8s.io/v1";

suite("the protection of a cluster", () => {
  let kube: RunningKube;

  async function start(): Promise<ProtectionRig> {
    kube = await startKube({ audit: false, tokens: TOKENS });
    const cluster = new Cluster({ ...kube, adminToken: INSTALLER });
    await cluster.namespace(SHOP);
    await cluster.must("POST", `/apis/apps/v1/namespaces/${SHOP}/deployments`, deployment());
    await cluster.must("POST", `/api/v1/namespaces/${SHOP}/configmaps`, configMap("settings"));
    const entry = {
      connector: "kubernetes",
      server: kube.url,
      ca_file: kube.caFile,
      token_file: cluster.file("installer", INSTALLER),
    };
    const made = createKubernetesProtection({ name: "cluster", entry });
    if (!made.ok) throw new Error(made.error.detail);
    let name = "";
    return {
      protection: made.value,
      plans: PLANS,
      apply: ({ objects }) => apply(cluster, objects as readonly Manifest[]),
      tamper: async () => {
        const role = "seb-x-delete-configmaps-leftover";
        // The server's own policies hold such a Role to one verb on one resource of one name: another name is all that they let through.
        const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["delete"], resourceNames: ["another"] }];
        await cluster.must(
          "PATCH",
          `${RBAC}/namespaces/${SHOP}/roles/${role}`,
          { rules },
          "application/merge-patch+json",
        );
        return { kind: "Role", name: role };
      },
      leave: async (olderThanMs) => {
        const brokerToken = await cluster.tokenOf(SYSTEM, "broker");
        const mints = minter({ cluster, brokerToken });
        name = (await mints.mint(CHANGES.scale)).name;
        mints.close();
        // The server keeps whole seconds.
        await new Promise((resolve) => setTimeout(resolve, olderThanMs + 1100));
        return [`${SHOP}/${name}`, name];
      },
      left: async () => {
        const binding = await cluster.admin("GET", `${RBAC}/namespaces/${SHOP}/rolebindings/${name}`);
        const account = await cluster.admin("GET", `/api/v1/namespaces/seb-executions/serviceaccounts/${name}`);
        return [...(binding.status === 200 ? [`${SHOP}/${name}`] : []), ...(account.status === 200 ? [name] : [])];
      },
      stop: async () => {
        cluster.close();
        await kube.dispose();
      },
    };
  }

  protectionContract("kubernetes", start);
});

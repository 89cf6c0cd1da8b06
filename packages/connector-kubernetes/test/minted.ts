// An execution's identity as the connector makes it, with its token in hand, to try everything that it must not be able to do.
import { readOperation } from "@seb/connector-kubernetes-language";
import { KubeClient } from "../src/client.js";
import { type Identity, mint } from "../src/identity.js";
import { identityPlan } from "../src/plan.js";
import { readKubernetesTargets } from "../src/targets.js";
import { withdraw } from "../src/withdraw.js";
import { type Change, newCertId, soon } from "./change.js";
import { EXECUTIONS } from "./cluster.js";
import type { Secured } from "./secured.js";

export interface Minted extends Identity {
  readonly certId: string;
  readonly name: string;
  /** Takes binding and account back, as the connector does. */
  recall(): Promise<void>;
}

/** Mints identities as the broker. */
export function minter({ cluster, brokerToken }: Pick<Secured, "cluster" | "brokerToken">): {
  mint(change: Change): Promise<Minted>;
  close(): void;
} {
  const entry = {
    connector: "kubernetes",
    server: cluster.server.url,
    ca_file: cluster.server.caFile,
    token_file: cluster.file("minter", brokerToken),
  };
  const target = readKubernetesTargets({ cluster: entry });
  const found = target.ok ? target.value.get("cluster") : undefined;
  if (found === undefined) throw new Error("no target");
  const client = new KubeClient(found);
  return {
    close: () => client.close(),
    async mint(change) {
      const certId = newCertId();
      const operation = readOperation(change.filled, "filled");
      const plan = operation.ok ? identityPlan(found, certId, operation.value) : undefined;
      if (plan === undefined) throw new Error("no plan");
      const identity = await mint(client, plan, soon());
      if (!identity.ok) throw new Error(`mint: ${identity.error.detail}`);
      const { name, namespace } = plan;
      const remains = { name, namespace, executionsNamespace: EXECUTIONS };
      return {
        ...identity.value,
        certId,
        name,
        async recall() {
          const gone = await withdraw(client, remains, soon());
          if (!gone.ok) throw new Error(`recall: ${gone.error.detail}`);
        },
      };
    },
  };
}

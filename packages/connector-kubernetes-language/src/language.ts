import { type ConnectorLanguage, type LanguagePlan, type Looked, mistakeAt } from "@seb/connector-language";
import type { Contract, Mistake } from "@seb/schema";
import { readLive } from "./live.js";
import { readKubernetes } from "./operation.js";
import { certifiedOf, conditionsOf, MAX_CONDITIONS, wrongConditions } from "./precondition.js";
import { readTarget } from "./target.js";

/** What the Kubernetes connector understands. */
export const kubernetesLanguage: ConnectorLanguage = {
  name: "kubernetes",
  planMistakes,
  preconditionMistakes,
  targetMistakes: (entry) => {
    const read = readTarget(entry);
    return read.ok ? [] : read.mistakes;
  },
};

function planMistakes(plan: LanguagePlan): readonly Mistake[] {
  const operation = readKubernetes(plan.operation, { kind: "template", parameters: plan.parameters });
  // A container that is named wrongly is no reason to find fault with each pointer through it.
  const named = typeof plan.operation.container === "string" ? plan.operation.container : undefined;
  const live = readLive(plan.live, { container: named });
  const mistakes = [
    ...(operation.ok ? [] : operation.mistakes),
    ...(live.ok ? [] : live.mistakes),
    ...wordMistakes(plan),
  ];
  if (operation.ok && live.ok) {
    const conditions = conditionsOf(certifiedOf(operation.value, live.value.values())).size;
    if (conditions > MAX_CONDITIONS)
      mistakes.push(mistakeAt("/live", conditions, `at most ${MAX_CONDITIONS} conditions: uid, marker and each field`));
  }
  return mistakes;
}

function* wordMistakes({ operation, identity, reconcile }: LanguagePlan): Generator<Mistake> {
  if (identity !== "minted") yield mistakeAt("/identity", identity, "minted: each execution has an account of its own");
  if (operation.verb === "patch" && reconcile !== "exact")
    yield mistakeAt("/reconcile", reconcile, "exact: each patch writes a marker");
  if (operation.verb === "delete" && reconcile === "exact")
    yield mistakeAt("/reconcile", reconcile, "state or none: a deletion leaves no marker");
}

function preconditionMistakes(plan: Looked, precondition: Contract["precondition"]): readonly Mistake[] {
  const operation = readKubernetes(plan.operation, { kind: "template", parameters: {} });
  if (!operation.ok) return operation.mistakes;
  const live = readLive(plan.live, operation.value);
  return live.ok ? wrongConditions(certifiedOf(operation.value, live.value.values()), precondition) : live.mistakes;
}

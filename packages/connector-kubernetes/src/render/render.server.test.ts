import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { leftOut, type RunningKube, startKube } from "@seb/testkit";
import { parseAllDocuments } from "yaml";
import { soon } from "../../test/change.js";
import { installerOf, rendered, type Secured, secure, TOKENS } from "../../test/secured.js";
import { check, toYaml } from "./index.js";

const suite = (await leftOut(["etcd", "kube-apiserver"])) === undefined ? describe : describe.skip;

suite("what is rendered", () => {
  let kube: RunningKube;
  let secured: Secured;
  beforeAll(async () => {
    kube = await startKube({ audit: false, tokens: TOKENS });
    secured = await secure(kube);
  }, 15 * 60_000);
  afterAll(async () => {
    secured?.cluster.close();
    await kube?.dispose();
  });

  const findings = async () => {
    const client = installerOf(secured.cluster);
    const found = await check({ client, manifests: secured.manifests, signal: soon() });
    client.close();
    if (!found.ok) throw new Error(found.error.code);
    return found.value;
  };

  it("is the same each time, and readable as YAML", async () => {
    const again = await rendered(secured.cluster);
    expect(again).toEqual(secured.manifests);
    const documents = parseAllDocuments(toYaml(again)).map((document) => document.toJS());
    expect(documents).toEqual(JSON.parse(JSON.stringify(again)));
  });

  it("is all that the broker's account has been given: any other grant is named", async () => {
    const bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" };
    const broker = { kind: "ServiceAccount", namespace: "seb-system", name: "broker" };
    const user = "system:serviceaccount:seb-system:janitor";
    const named = { apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user };
    for (const [name, subject] of [
      ["a-favour", broker],
      ["by-name", named],
    ] as const)
      await secured.must("POST", bindings, { metadata: { name }, roleRef, subjects: [subject] });
    const foreign = (await findings()).filter(({ state }) => state !== "same");
    expect(foreign).toEqual(
      ["a-favour", "by-name"].map((name) => ({
        kind: "ClusterRoleBinding",
        name,
        state: "foreign",
        namespace: undefined,
      })),
    );
    for (const name of ["a-favour", "by-name"]) await secured.must("DELETE", `${bindings}/${name}`);
  });

  it("is found to be there, and what is missing or differs is named", async () => {
    expect((await findings()).filter(({ state }) => state !== "same")).toEqual([]);
    const policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
    const merge = "application/merge-patch+json";
    const looser = { spec: { matchConstraints: { objectSelector: { matchLabels: { never: "there" } } } } };
    await secured.must("PATCH", `${policies}/seb-reserved-subjects`, looser, merge);
    await secured.must(
      "DELETE",
      "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles/seb-x-delete-configmaps-leftover",
    );
    const found = (await findings()).filter(({ state }) => state !== "same");
    expect(found).toEqual([
      expect.objectContaining({ kind: "Role", name: "seb-x-delete-configmaps-leftover", state: "missing" }),
      expect.objectContaining({
        name: "seb-reserved-subjects",
        state: "differs",
        at: "/spec/matchConstraints/objectSelector",
      }),
    ]);
  });
});

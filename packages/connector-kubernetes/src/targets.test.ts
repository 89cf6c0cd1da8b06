import { describe, expect, it } from "@jest/globals";
import { readKubernetesTargets } from "./targets.js";

const ENTRY = { connector: "kubernetes", server: "https://kube.example:6443", token_file: "/run/token" };

describe("a Kubernetes target", () => {
  it("has defaults, and entries of other connectors are passed over", () => {
    const read = readKubernetesTargets({ cluster: ENTRY, gitops: { connector: "git", url: "?" } });
    if (!read.ok) throw new Error(read.error.code);
    expect([...read.value.keys()]).toEqual(["cluster"]);
    expect(read.value.get("cluster")).toMatchObject({
      server: "https://kube.example:6443",
      executionsNamespace: "seb-executions",
      audience: "https://kubernetes.default.svc",
      roles: {},
    });
  });

  it.each<[string, object]>([
    ["server", { server: "http://kube.example" }],
    ["server", { server: "https://user:secret@kube.example" }],
    ["server", { server: "https://kube.example/?a=b" }],
    ["server", { server: undefined }],
    ["token_file", { token_file: undefined }],
    ["token_file", { token_file: "relative" }],
    ["token_file", { client_cert_file: "/c", client_key_file: "/k" }],
    ["client_key_file", { client_cert_file: "/c" }],
    ["ca_file", { ca_file: "ca.pem" }],
    ["executions_namespace", { executions_namespace: "Upper" }],
    ["audience", { audience: "" }],
    ["roles", { roles: { shop: { "patch deployments/checkout": "cluster-admin" } } }],
    ["roles", { roles: { shop: { "get deployments/checkout": "seb-x-a" } } }],
    ["roles", { roles: [] }],
    ["?", { insecure: true }],
  ])("is wrong in %s", (key, change) => {
    const entry = Object.fromEntries(
      Object.entries({ ...ENTRY, ...change }).filter(([, value]) => value !== undefined),
    );
    expect(readKubernetesTargets({ cluster: entry })).toMatchObject({
      ok: false,
      error: { code: "setting_invalid", pointer: `/targets/cluster/${key}` },
    });
  });
});

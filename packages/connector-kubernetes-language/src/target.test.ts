import { describe, expect, it } from "@jest/globals";
import { readTarget } from "./index.js";

const ENTRY = { connector: "kubernetes", server: "https://kube.example:6443", token_file: "/run/token" };

describe("a Kubernetes target", () => {
  it("has defaults", () => {
    expect(readTarget({ ...ENTRY, server: `${ENTRY.server}/` })).toMatchObject({
      ok: true,
      value: {
        server: ENTRY.server,
        executionsNamespace: "seb-executions",
        audience: "https://kubernetes.default.svc",
        roles: {},
      },
    });
  });

  it.each<[string, object]>([
    ["/server", { server: "http://kube.example" }],
    ["/server", { server: "https://user:secret@kube.example" }],
    ["/server", { server: "https://kube.example/?a=b" }],
    ["/server", { server: undefined }],
    ["/token_file", { token_file: undefined }],
    ["/token_file", { token_file: "relative" }],
    ["/token_file", { client_cert_file: "/c", client_key_file: "/k" }],
    ["/client_key_file", { client_cert_file: "/c", token_file: undefined }],
    ["/ca_file", { ca_file: "ca.pem" }],
    ["/executions_namespace", { executions_namespace: "Upper" }],
    ["/audience", { audience: "" }],
    ["/roles/shop/patch deployments~1checkout", { roles: { shop: { "patch deployments/checkout": "cluster-admin" } } }],
    ["/roles/shop/get deployments~1checkout", { roles: { shop: { "get deployments/checkout": "seb-x-a" } } }],
    ["/roles", { roles: [] }],
    ["/insecure", { insecure: true }],
  ])("is wrong in %s", (key, change) => {
    const entry = Object.fromEntries(
      Object.entries({ ...ENTRY, ...change }).filter(([, value]) => value !== undefined),
    );
    const read = readTarget(entry);
    expect(read.ok ? [] : read.mistakes.map(({ field }) => field)).toEqual([key]);
  });

  it("with several mistakes is refused with all of them", () => {
    const read = readTarget({ connector: "kubernetes", servers: [], ca_file: "ca.pem", roles: { Shop: { x: 1 } } });
    expect(read.ok ? [] : read.mistakes.map(({ field }) => field)).toEqual([
      "/servers",
      "/server",
      "/ca_file",
      "/token_file",
      "/roles/Shop",
      "/roles/Shop/x",
      "/roles/Shop/x",
    ]);
  });
});

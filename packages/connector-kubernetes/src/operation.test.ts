import { describe, expect, it } from "@jest/globals";
import { readOperation, roleNameOf } from "./operation.js";

const PATCH = {
  verb: "patch",
  api_version: "apps/v1",
  resource: "deployments",
  namespace: "shop",
  name: "checkout",
  container: "app",
  set: { "/spec/replicas": 3 },
};
const DELETE = { verb: "delete", api_version: "v1", resource: "configmaps", namespace: "shop", name: "old" };

describe("an operation", () => {
  it("patches or deletes one object", () => {
    expect(readOperation(PATCH, "filled")).toMatchObject({ ok: true, value: { verb: "patch" } });
    expect(readOperation(DELETE, "filled")).toMatchObject({ ok: true, value: { verb: "delete", matchVersion: false } });
    const open = { ...PATCH, set: { "/spec/replicas": { $open: "replicas" } } };
    expect(readOperation(open, "template")).toMatchObject({ ok: true });
    expect(readOperation(open, "filled")).toMatchObject({ ok: false, error: { code: "catalogue_invalid" } });
  });

  it.each<[string, object]>([
    ["another verb", { verb: "create" }],
    ["another key", { command: "rm" }],
    ["no verb", { verb: undefined }],
    ["a path as its version", { api_version: "apps/v1/../../v1" }],
    ["a subresource", { resource: "deployments/scale" }],
    ["a path as its name", { name: "../secrets/x" }],
    ["an encoded path", { name: "a%2fb" }],
    ["two dots", { name: "a..b" }],
    ["upper case", { name: "Checkout" }],
    ["a look-alike", { name: "сheckout" }],
    ["a query", { name: "a?dryRun=All" }],
    ["a namespace with a slash", { namespace: "shop/x" }],
    ["a container that is none", { container: "a b" }],
    ["Secrets", { api_version: "v1", resource: "secrets" }],
    ["accounts", { api_version: "v1", resource: "serviceaccounts" }],
    ["Roles", { api_version: "rbac.authorization.k8s.io/v1", resource: "roles" }],
    ["policies", { api_version: "admissionregistration.k8s.io/v1", resource: "validatingadmissionpolicies" }],
    ["nothing to set", { set: {} }],
    ["no set", { set: undefined }],
    ["an object as a value", { set: { "/spec/template": {} } }],
    ["null as a value", { set: { "/spec/replicas": null } }],
    ["a fraction", { set: { "/spec/replicas": 1.5 } }],
    ["a control character", { set: { "/data/a": "a\u0000" } }],
    ["all of the spec", { set: { "/spec": "x" } }],
    ["the status", { set: { "/status/replicas": 1 } }],
    ["the uid", { set: { "/metadata/uid": "x" } }],
    ["finalizers", { set: { "/metadata/finalizers/x": "x" } }],
    ["the marker", { set: { "/metadata/annotations/seb.dev~1certificate": "x" } }],
    ["another name of ours", { set: { "/metadata/annotations/seb.dev~1x": "x" } }],
    ["a pointer through another", { set: { "/spec/a": 1, "/spec/a/b": 2 } }],
    ["an empty token", { set: { "/spec//a": 1 } }],
    ["half an escape", { set: { "/spec/~2": 1 } }],
    ["@ elsewhere", { set: { "/spec/@/a": 1 } }],
    ["a container that is not named", { container: undefined, set: { "/spec/containers/@/image": "x" } }],
  ])("is refused with %s", (_title, change) => {
    const operation = Object.fromEntries(
      Object.entries({ ...PATCH, ...change }).filter(([, value]) => value !== undefined),
    );
    expect(readOperation(operation, "template")).toMatchObject({ ok: false, error: { code: "catalogue_invalid" } });
  });

  it("that deletes sets nothing", () => {
    expect(readOperation({ ...DELETE, set: {} }, "filled")).toMatchObject({ ok: false });
    expect(readOperation({ ...DELETE, match_version: "yes" }, "filled")).toMatchObject({ ok: false });
    expect(readOperation({ ...DELETE, match_version: true }, "filled")).toMatchObject({ ok: true });
  });

  it("has one Role for each verb on each object", () => {
    const names = [PATCH, DELETE, { ...DELETE, api_version: "apps/v1" }].map((operation) => {
      const read = readOperation(operation, "filled");
      return read.ok ? roleNameOf(read.value) : "";
    });
    expect(names).toEqual([
      "seb-x-patch-deployments.apps-checkout",
      "seb-x-delete-configmaps-old",
      "seb-x-delete-configmaps.apps-old",
    ]);
  });
});

import { describe, expect, it } from "@jest/globals";
import type { LanguagePlan } from "@seb/connector-language";
import { kubernetesLanguage, readOperation, roleNameOf } from "./index.js";

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
    ["an API that serves other APIs", { api_version: "apiregistration.k8s.io/v1", resource: "apiservices" }],
    ["the singular of a kind", { resource: "deployment" }],
    ["a kind of another group", { api_version: "v1" }],
    ["what the cluster writes itself", { set: { "/metadata/annotations/deployment.kubernetes.io~1revision": "2" } }],
    ["what another tool claims an object by", { set: { "/metadata/labels/argocd.argoproj.io~1instance": "x" } }],
    ["a label that is no name", { set: { "/metadata/labels/a b": "x" } }],
    ["a label of a number", { set: { "/metadata/labels/a": 1 } }],
    ["an annotation of a flag", { set: { "/spec/template/metadata/annotations/a": true } }],
    ["the data of a workload", { set: { "/data/a": "x" } }],
    ["a selector", { set: { "/spec/selector/matchLabels/app": "x" } }],
    ["containers that a patch does not reach", { set: { "/spec/template/spec/ephemeralContainers/@/image": "x" } }],
    ["a name that a parameter chooses", { name: "{{parameters.name}}" }],
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
    const names = [PATCH, DELETE, { ...DELETE, api_version: "example.com/v1" }].map((operation) => {
      const read = readOperation(operation, "filled");
      return read.ok ? roleNameOf(read.value) : "";
    });
    expect(names).toEqual([
      "seb-x-patch-deployments.apps-checkout",
      "seb-x-delete-configmaps-old",
      "seb-x-delete-configmaps.example.com-old",
    ]);
  });

  it.each<[string, object, readonly string[]]>([
    [
      "a ConfigMap's data",
      { api_version: "v1", resource: "configmaps", container: undefined, set: { "/data/a": "x" } },
      [],
    ],
    ["a ConfigMap's spec", { api_version: "v1", resource: "configmaps", set: { "/spec/a": "x" } }, ["~1spec~1a"]],
    ["a number as data", { api_version: "v1", resource: "configmaps", set: { "/data/a": 1 } }, ["~1data~1a"]],
    ["a pod's image", { api_version: "v1", resource: "pods", set: { "/spec/containers/@/image": "x" } }, []],
    ["a pod's node", { api_version: "v1", resource: "pods", set: { "/spec/nodeName": "x" } }, ["~1spec~1nodeName"]],
    [
      "a job's template",
      { api_version: "batch/v1", resource: "jobs", set: { "/spec/template/a": 1 } },
      ["~1spec~1template~1a"],
    ],
    [
      "a StatefulSet's service",
      { resource: "statefulsets", set: { "/spec/serviceName": "x" } },
      ["~1spec~1serviceName"],
    ],
    ["a StatefulSet's size", { resource: "statefulsets", set: { "/spec/replicas": 2 } }, []],
    [
      "any field of a kind that is not known",
      { api_version: "example.com/v1", resource: "shops", set: { "/spec/a": 2 } },
      [],
    ],
  ])("may or may not change %s", (_title, change, pointers) => {
    const plan = { live: {}, parameters: {}, identity: "minted", reconcile: "exact" } as const;
    const operation = Object.fromEntries(
      Object.entries({ ...PATCH, ...change }).filter(([, value]) => value !== undefined),
    );
    const mistakes = kubernetesLanguage.planMistakes({ ...plan, operation });
    expect(mistakes.map(({ field }) => field)).toEqual(pointers.map((pointer) => `/operation/set/${pointer}`));
  });

  it("writes text where the API takes text only, whatever the parameter is called", () => {
    const plan = { live: {}, identity: "minted", reconcile: "exact" } as const;
    const operation = {
      ...PATCH,
      set: { "/metadata/labels/a": { $open: "x" }, "/metadata/labels/b": "{{parameters.y}}" },
    };
    const mistakes = (x: "integer" | "enum", y: "boolean" | "enum") => {
      const definitions = {
        integer: { type: "integer", minimum: 1, maximum: 2, description: "" },
        enum: { type: "enum", values: ["a"], description: "" },
        boolean: { type: "boolean", description: "" },
      } satisfies Record<string, LanguagePlan["parameters"][string]>;
      return kubernetesLanguage.planMistakes({
        ...plan,
        operation,
        parameters: { x: definitions[x], y: definitions[y] },
      });
    };
    expect(mistakes("enum", "enum")).toEqual([]);
    expect(mistakes("integer", "boolean").map(({ field }) => field)).toEqual([
      "/operation/set/~1metadata~1labels~1a",
      "/operation/set/~1metadata~1labels~1b",
    ]);
  });

  it("leaves a marker when it patches, and none when it deletes", () => {
    const plan = { live: {}, parameters: {}, identity: "minted" } as const;
    const right = (operation: object, ways: readonly ("exact" | "state" | "none")[]) =>
      ways.filter(
        (reconcile) =>
          kubernetesLanguage.planMistakes({ ...plan, operation: { ...operation }, reconcile }).length === 0,
      );
    expect(right(PATCH, ["exact", "state", "none"])).toEqual(["exact"]);
    expect(right(DELETE, ["exact", "state", "none"])).toEqual(["state", "none"]);
  });
});

describe("a live field", () => {
  const plan = { operation: PATCH, parameters: {}, identity: "minted", reconcile: "exact" } as const;
  const fieldsOf = (live: Parameters<typeof kubernetesLanguage.planMistakes>[0]["live"]) =>
    kubernetesLanguage.planMistakes({ ...plan, live }).map(({ field }) => field);

  it.each([
    ["/spec/replicas", true],
    ["/spec/template/spec/containers/@/image", true],
    ["/metadata/labels/team", true],
    ["/immutable", true],
    ["/status/replicas", false],
    ["/metadata/resourceVersion", false],
    ["/metadata/generation", false],
    ["/metadata/annotations", false],
    ["/metadata/annotations/seb.dev~1certificate", false],
    ["/metadata/annotations/deployment.kubernetes.io~1revision", false],
    ["spec.replicas", false],
    ["deployment.yaml#/spec/replicas", false],
    ["/spec/containers/é", false],
  ])("at %j is right: %s", (at, right) => {
    expect(fieldsOf({ x: { at, show: true } })).toEqual(right ? [] : ["/live/x/at"]);
  });

  it("has no earlier value, and there are not too many", () => {
    expect(fieldsOf({ x: { at: "/spec/replicas", show: true, previous: true } })).toEqual(["/live/x/previous"]);
    const many = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`x${index}`, { at: `/spec/a${index}`, show: true }]),
      );
    expect([fieldsOf(many(29)), fieldsOf(many(30))]).toEqual([[], ["/live"]]);
  });
});

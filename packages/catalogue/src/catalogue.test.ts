import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { ActionAnswer, validate } from "@seb/schema";
import {
  actionView,
  type Bundle,
  compile,
  contractDigest,
  matchesPattern,
  modeOf,
  observePlan,
  openBundle,
  packBundle,
  parseResource,
  resourceOf,
  stableContractDigest,
  tierOf,
} from "./index.js";

const vectors = join(import.meta.dirname, "../vectors/bundle.json");
const control: { files: Record<string, string> } = JSON.parse(readFileSync(vectors, "utf8"));

function opened(): Bundle {
  const packed = packBundle(control.files);
  if (!packed.ok) throw new Error(packed.error.detail);
  const bundle = openBundle(packed.value.text, packed.value.digest);
  if (!bundle.ok) throw new Error(bundle.error.detail);
  return bundle.value;
}
const bundle = opened();
const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const codeOf = (made: { ok: true } | { ok: false; error: { code: string } }) => (made.ok ? "ok" : made.error.code);

describe("resources", () => {
  it("have one spelling", () => {
    const resource = resourceOf("checkout", "us-east-1");
    expect(parseResource(resource)).toEqual({ service: "checkout", region: "us-east-1" });
    for (const other of [
      `${resource}/`,
      ` ${resource}`,
      `${resource}\n`,
      resource.toUpperCase(),
      resource.replace("c", "\u0441"),
      resource.replace("us-east-1", "*"),
      resource.replace("us-east-1", ""),
      resource.replace("checkout", "-checkout"),
      resource.replace("checkout", "checkout%2f"),
      `${resource}/zone:a`,
    ]) {
      expect(parseResource(other)).toBeUndefined();
    }
  });

  it.each([
    ["service:checkout/region:us-east-1", true],
    ["service:*/region:us-east-1", true],
    ["service:checkout/region:*", true],
    ["service:*/region:*", true],
    ["service:search/region:*", false],
    ["service:*/region:eu-west-1", false],
    ["service:check*/region:*", false],
    ["service:.*/region:.*", false],
    ["*", false],
    ["", false],
  ])("%s covers checkout in us-east-1: %s", (pattern, expected) => {
    expect(matchesPattern(pattern, "service:checkout/region:us-east-1")).toBe(expected);
  });

  it("a pattern is no resource", () => {
    expect(matchesPattern("service:*/region:*", "service:*/region:*")).toBe(false);
  });
});

describe("tierOf", () => {
  it.each([
    ["deploy", "checkout", { image_digest: DIGEST, max_replicas: 20 }, 1],
    ["deploy", "checkout", { image_digest: DIGEST, max_replicas: 21 }, 2],
    ["deploy", "checkout", { image_digest: DIGEST }, 2],
    ["deploy", "checkout", { image_digest: DIGEST, max_replicas: "1" }, 2],
    ["deploy", "search", { image_digest: DIGEST, max_replicas: 5 }, 1],
    ["tune", "search", { quota: 500, max_count: 10, min_count: 0 }, 0],
    ["tune", "search", { quota: 501, max_count: 10, min_count: 0 }, 2],
    ["tune", "search", { quota: 500, max_count: 11, min_count: 0 }, 1],
    ["tune", "checkout", { quota: 500, max_count: 51, min_count: 51 }, 3],
    ["tune", "checkout", {}, 3],
    ["destroy", "checkout", {}, 3],
    ["deploy", "payments", {}, 3],
  ])("%s on %s under %j is %s", (action, service, scope, tier) => {
    expect(tierOf(bundle, action, service, scope).tier).toBe(tier);
  });

  it("says why", () => {
    expect(tierOf(bundle, "deploy", "checkout", { max_replicas: 21 }).reasons).toEqual(["more than 20 replicas"]);
    expect(tierOf(bundle, "deploy", "checkout", { max_replicas: 5 }).reasons).toHaveLength(2);
  });
});

describe("modeOf", () => {
  it("takes the most specific entry", () => {
    expect(modeOf(bundle, "scale", "search")).toBe("shadow");
    expect(modeOf(bundle, "scale", "checkout")).toBe("enforce");
    expect(modeOf(bundle, "scale", "constructor")).toBe("enforce");
    const shadow: Bundle = { ...bundle, modes: { ver: 1, default: "shadow", actions: {} } };
    expect(modeOf(shadow, "deploy", "checkout")).toBe("shadow");
    expect(modeOf(shadow, "constructor", "checkout")).toBe("shadow");
  });
});

describe("observePlan", () => {
  it("names objects and live fields of one region", () => {
    expect(observePlan(bundle, "tune", "checkout", "us-east-1")).toMatchObject({
      ok: true,
      value: {
        connector: "git",
        target: "gitops",
        resource: "service:checkout/region:us-east-1",
        audience: "broker:dev",
        operation: { edits: [{ path: "apps/checkout/us-east-1/deployment.yaml" }] },
        live: { label: { at: "apps/checkout/us-east-1/deployment.yaml#/label", show: true } },
      },
    });
  });

  it("leaves parameters as they are written", () => {
    const plan = observePlan(bundle, "deploy", "checkout", "us-east-1");
    if (!plan.ok) throw new Error(plan.error.detail);
    expect(JSON.stringify(plan.value.operation)).toContain("registry.example/checkout@{{parameters.image_digest}}");
  });

  it.each([
    ["destroy", "checkout", "us-east-1", "action_unknown"],
    ["deploy", "payments", "us-east-1", "service_unknown"],
    ["deploy", "checkout", "__proto__", "service_unknown"],
    ["tune", "search", "us-east-1", "catalogue_invalid"],
  ])("%s on %s in %s: %s", (action, service, region, code) => {
    expect(codeOf(observePlan(bundle, action, service, region))).toBe(code);
  });
});

describe("actionView", () => {
  it.each(["deploy", "scale", "tune"])("shows %s as the wire wants it", (name) => {
    const definition = bundle.actions.get(name);
    if (definition === undefined) throw new Error(`no action ${name}`);
    const view = actionView(definition, bundle.digest, 1);
    expect(codeOf(validate(ActionAnswer, view, "answer_invalid"))).toBe("ok");
    expect(view.parameters).toMatchObject({
      required: Object.keys(definition.parameters),
      additionalProperties: false,
    });
  });
});

describe("digests", () => {
  it("the stable digest is the same before and after an observation", () => {
    const scope = { image_digest: DIGEST, max_replicas: 3 };
    const one = compile(bundle, "deploy", "service:checkout/region:us-east-1", scope, { "blob:a": "1" });
    const two = compile(bundle, "deploy", "service:checkout/region:us-east-1", scope, { "blob:a": "2" });
    if (!one.ok || !two.ok) throw new Error("must compile");
    expect(contractDigest(one.value)).not.toBe(contractDigest(two.value));
    expect(stableContractDigest(one.value)).toBe(stableContractDigest(two.value));
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { type Bundle, compile, openBundle, type Proposal, packBundle, planGrant } from "./index.js";

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

const deploy: Proposal = {
  action: "deploy",
  service: "checkout",
  region: "us-east-1",
  parameters: { image_digest: DIGEST },
  bounds: { max_replicas: 12 },
};
const tune: Proposal = {
  action: "tune",
  service: "checkout",
  region: "us-east-1",
  parameters: { label: "a-b", quota: 5, track: "café", paused: false, count: 4, level: "mid" },
  bounds: {},
};
const scopeOf = (proposal: Proposal) => {
  const plan = planGrant(bundle, proposal);
  return plan.ok ? plan.value.scope : { code: plan.error.code, pointer: plan.error.pointer };
};

describe("planGrant", () => {
  it("fixes what is given and bounds what is open", () => {
    expect(planGrant(bundle, deploy)).toMatchObject({
      ok: true,
      value: {
        resource: "service:checkout/region:us-east-1",
        audience: "broker:dev",
        scope: { image_digest: DIGEST, max_replicas: 12 },
        definition: { name: "deploy" },
        service: { name: "checkout" },
      },
    });
  });

  it("takes an open parameter as its own bound when no bound is given, and not otherwise", () => {
    const parameters = { image_digest: DIGEST, replicas: 7 };
    expect(scopeOf({ ...deploy, parameters, bounds: {} })).toEqual({ image_digest: DIGEST, max_replicas: 7 });
    expect(scopeOf({ ...deploy, parameters, bounds: { max_replicas: 12 } })).toEqual({
      image_digest: DIGEST,
      max_replicas: 12,
    });
  });

  it("makes every kind of bound from a parameter", () => {
    expect(scopeOf({ ...tune, bounds: { label_start: "a-", levels: ["mid", "low"] } })).toEqual({
      label: "a-b",
      label_start: "a-",
      label_any: ["a-b"],
      quota: 5,
      track: "café",
      paused: false,
      min_count: 4,
      max_count: 4,
      levels: ["low", "mid"],
      levels_again: ["mid"],
    });
  });

  it("what it grants compiles", () => {
    const plan = planGrant(bundle, tune);
    if (!plan.ok) throw new Error(plan.error.detail);
    expect(compile(bundle, "tune", plan.value.resource, plan.value.scope, {}).ok).toBe(true);
  });

  it.each<[string, Partial<Proposal>, string, string]>([
    ["an unknown action", { action: "destroy" }, "action_unknown", "/action"],
    ["an inherited action", { action: "constructor" }, "action_unknown", "/action"],
    ["an unknown service", { service: "payments" }, "service_unknown", "/service"],
    ["an unknown region", { region: "mars-1" }, "service_unknown", "/region"],
    ["an inherited region", { region: "constructor" }, "service_unknown", "/region"],
    ["a missing parameter", { parameters: {} }, "parameters_invalid", "/parameters/image_digest"],
    [
      "a parameter too many",
      { parameters: { image_digest: DIGEST, dry_run: true } },
      "parameters_invalid",
      "/parameters",
    ],
    [
      "an upper-case digest",
      { parameters: { image_digest: DIGEST.toUpperCase() } },
      "parameters_invalid",
      "/parameters/image_digest",
    ],
    ["a number for text", { parameters: { image_digest: 5 } }, "parameters_invalid", "/parameters/image_digest"],
    [
      "an open parameter over its maximum",
      { parameters: { image_digest: DIGEST, replicas: 51 } },
      "parameters_invalid",
      "/parameters/replicas",
    ],
    [
      "an open parameter as text",
      { parameters: { image_digest: DIGEST, replicas: "5" } },
      "parameters_invalid",
      "/parameters/replicas",
    ],
    ["a missing bound", { bounds: {} }, "bounds_invalid", "/bounds/max_replicas"],
    ["a bound too many", { bounds: { max_replicas: 12, max_surge: 1 } }, "bounds_invalid", "/bounds"],
    ["a bound over the definition", { bounds: { max_replicas: 51 } }, "bounds_invalid", "/bounds/max_replicas"],
    ["a bound under the definition", { bounds: { max_replicas: 0 } }, "bounds_invalid", "/bounds/max_replicas"],
    ["a bound as text", { bounds: { max_replicas: "12" } }, "bounds_invalid", "/bounds/max_replicas"],
    ["a bound as a list", { bounds: { max_replicas: ["12"] } }, "bounds_invalid", "/bounds/max_replicas"],
    [
      "a bound on what is fixed",
      { bounds: { max_replicas: 12, image_digest: DIGEST.replace("0", "1") } },
      "bounds_invalid",
      "/bounds/image_digest",
    ],
  ])("refuses %s", (_, change, code, pointer) => {
    expect(scopeOf({ ...deploy, ...change })).toEqual({ code, pointer });
  });

  it.each<[string, Proposal["bounds"], string]>([
    ["a prefix of something else", { label_start: "b" }, "/bounds/label_start"],
    ["an empty prefix", { label_start: "" }, "/bounds/label_start"],
    ["a list without the parameter", { label_any: ["zz"] }, "/bounds/label_any"],
    ["an empty list", { levels: [] }, "/bounds/levels"],
    ["a value twice", { levels: ["low", "low"] }, "/bounds/levels"],
    ["a value that is not declared", { levels: ["extreme"] }, "/bounds/levels"],
    ["bounds that cross", { min_count: 9, max_count: 3 }, "/bounds"],
    ["subsets without a common value", { levels: ["low"], levels_again: ["high"] }, "/bounds"],
  ])("refuses %s", (_, bounds, pointer) => {
    expect(scopeOf({ ...tune, bounds })).toEqual({ code: "bounds_invalid", pointer });
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { admits, type Bundle, compile, contractText, instantiate, openBundle, packBundle, planGrant } from "./index.js";

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
const RESOURCE = "service:checkout/region:us-east-1";
const definition = bundle.actions.get("tune");
if (definition === undefined) throw new Error("the vectors have no action tune");

const label = fc.stringMatching(/^[a-z]{1,10}(?:-[a-z{}.$]{1,10})?$/);
const levels = fc.subarray(["low", "mid", "high"], { minLength: 1 });
const proposal = fc
  .record({
    label,
    quota: fc.integer({ min: -5, max: 1000 }),
    track: fc.constantFrom("stable", "beta", "café"),
    paused: fc.boolean(),
  })
  .chain((parameters) =>
    fc
      .record({ min_count: fc.integer({ min: 0, max: 100 }), max_count: fc.integer({ min: 0, max: 100 }), levels })
      .map((bounds) => ({
        action: "tune",
        service: "checkout",
        region: "us-east-1",
        parameters,
        bounds: { ...bounds, levels_again: ["mid", "high"], label_start: parameters.label.slice(0, 1) },
      })),
  );
/** Anything that an agent may restate, near and far from the scope. */
const restated = fc.dictionary(
  fc.constantFrom("label", "quota", "track", "paused", "count", "level", "extra", "__proto__"),
  fc.oneof(
    fc.integer({ min: -10, max: 1010 }),
    fc.constantFrom("low", "mid", "high", "HIGH", "café", "cafe\u0301", "beta"),
    fc.boolean(),
    fc.double(),
    label,
  ),
  { noNullPrototype: false },
);

function shuffled<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).reverse()) as T;
}

describe("compile and instantiate", () => {
  it("a contract does not depend on the order of keys, nor on anything that happened before", () => {
    fc.assert(
      fc.property(proposal, (asked) => {
        const grant = planGrant(bundle, asked);
        const again = planGrant(bundle, {
          ...asked,
          parameters: shuffled(asked.parameters),
          bounds: shuffled(asked.bounds),
        });
        expect(again).toEqual(grant);
        if (!grant.ok) return;
        const first = compile(bundle, "tune", RESOURCE, grant.value.scope, { a: "1", b: "2" });
        const second = compile(opened(), "tune", RESOURCE, shuffled(grant.value.scope), { b: "2", a: "1" });
        if (!first.ok || !second.ok) throw new Error("a planned scope must compile");
        expect(contractText(second.value)).toBe(contractText(first.value));
      }),
      { numRuns: 40 },
    );
  });

  it("an operation is made exactly when the open parameters lie within the scope, and holds nothing but the scope's values", () => {
    let made = 0;
    fc.assert(
      fc.property(
        proposal,
        restated,
        fc.integer({ min: -1, max: 101 }),
        fc.constantFrom("low", "mid", "high", "none"),
        (asked, odd, count, level) => {
          const grant = planGrant(bundle, asked);
          if (!grant.ok) return;
          const { scope } = grant.value;
          const contract = compile(bundle, "tune", RESOURCE, scope, {});
          if (!contract.ok) throw new Error("a planned scope must compile");
          for (const parameters of [odd, { ...asked.parameters, count, level }]) {
            const operation = instantiate(contract.value, parameters);
            const admitted = admits(definition, scope, parameters);
            if (admitted.ok) expect(operation.ok).toBe(true);
            if (!operation.ok) continue;
            made += 1;
            const edit = JSON.parse(JSON.stringify(operation.value.operation)).edits[0];
            expect(edit.path).toBe("apps/checkout/us-east-1/deployment.yaml");
            expect(edit.set["/label"]).toBe(asked.parameters.label);
            expect(edit.set["/quota"]).toBe(asked.parameters.quota);
            expect(edit.set["/paused"]).toBe(asked.parameters.paused);
            expect(Number.isInteger(edit.set["/count"])).toBe(true);
            expect(edit.set["/count"]).toBeGreaterThanOrEqual(asked.bounds.min_count);
            expect(edit.set["/count"]).toBeLessThanOrEqual(asked.bounds.max_count);
            expect(["mid", "high"].filter((value) => asked.bounds.levels.includes(value))).toContain(
              edit.set["/nested/level"],
            );
          }
        },
      ),
      { numRuns: 400 },
    );
    expect(made).toBeGreaterThan(10);
  });

  it("what is admitted equals the scope in every fixed parameter", () => {
    fc.assert(
      fc.property(proposal, restated, (asked, changes) => {
        const grant = planGrant(bundle, asked);
        if (!grant.ok) return;
        const whole = { ...asked.parameters, count: asked.bounds.max_count, level: "mid", ...changes };
        if (!admits(definition, grant.value.scope, whole).ok) return;
        expect(whole).toMatchObject(asked.parameters);
        expect(Object.keys(whole).sort()).toEqual(["count", "label", "level", "paused", "quota", "track"]);
      }),
      { numRuns: 400 },
    );
  });

  it("a value is never expanded again, whatever template text it holds", () => {
    const tricky = fc.array(fc.constantFrom("{{", "}}", "$&", "$1", "$$", "service.path", "parameters.quota", "."), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(tricky, (parts) => {
        const text = `a-${parts.join("")}x`.replace(/[^a-z{}.$-]/g, "").slice(0, 40);
        const asked = { label: text, quota: 1, track: "beta", paused: true };
        const bounds = { min_count: 0, max_count: 1, levels: ["low"], levels_again: ["low"], label_start: "a" };
        const grant = planGrant(bundle, {
          action: "tune",
          service: "checkout",
          region: "us-east-1",
          parameters: asked,
          bounds,
        });
        if (!grant.ok) throw new Error(grant.error.detail);
        const contract = compile(bundle, "tune", RESOURCE, grant.value.scope, {});
        if (!contract.ok) throw new Error(contract.error.detail);
        const operation = instantiate(contract.value, { count: 1, level: "low" });
        if (!operation.ok) throw new Error(operation.error.detail);
        const { edits } = JSON.parse(JSON.stringify(operation.value.operation));
        expect(edits[0].set["/label"]).toBe(text);
        expect(edits[0].set["/note"]).toBe(`checkout in us-east-1 from registry.example/checkout: ${text}/beta/1/true`);
      }),
      { numRuns: 100 },
    );
  });
});

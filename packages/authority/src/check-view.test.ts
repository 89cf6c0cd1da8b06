import { describe, expect, it } from "@jest/globals";
import type { Epochs, RevocationTarget, Standing } from "@seb/schema";
import fc from "fast-check";
import { checkPolicyInView, checkView, type RevocableCertificate } from "./check-view.js";
import { checkRevocations, revokedValues, targetKey } from "./standing.js";

const certificate: RevocableCertificate = {
  cert_id: `c_${"a".repeat(26)}`,
  subject: "agent:a",
  keys: ["k".repeat(43), "s".repeat(43)],
  policies: ["p"],
  bundle: `sha256:${"b".repeat(64)}`,
  action: "deploy",
  resource: "service:checkout/region:us-east-1",
  epochs: { global: 3, subject: 2, policy: { id: "p", epoch: 1 } },
};
const epochs: Epochs = { global: 3, subject: { "agent:a": 2 }, policy: { p: 1 } };
const standing = (target: RevocationTarget, order = "o_1"): Standing => ({
  ...{ target, order, by: "alice", reason: "x", at_ms: 0 },
});
const codeOf = (result: ReturnType<typeof checkView>) => (result.ok ? "ok" : result.error.code);

const naming: readonly RevocationTarget[] = [
  { kind: "everything", value: "*" },
  { kind: "certificate", value: certificate.cert_id },
  { kind: "subject", value: "agent:a" },
  { kind: "key", value: "k".repeat(43) },
  { kind: "key", value: "s".repeat(43) },
  { kind: "policy", value: "p" },
  { kind: "bundle", value: certificate.bundle },
  { kind: "action", value: "deploy" },
  { kind: "resource", value: "service:checkout/region:us-east-1" },
  { kind: "resource", value: "service:*/region:us-east-1" },
  { kind: "resource", value: "service:checkout/region:*" },
  { kind: "resource", value: "service:*/region:*" },
];
const others: readonly RevocationTarget[] = [
  { kind: "certificate", value: `c_${"b".repeat(26)}` },
  { kind: "subject", value: "agent:p" },
  { kind: "key", value: "p".repeat(43) },
  { kind: "policy", value: "deploy" },
  { kind: "bundle", value: `sha256:${"c".repeat(64)}` },
  { kind: "action", value: "p" },
  { kind: "resource", value: "service:check/region:*" },
  { kind: "resource", value: "service:*/region:us-east" },
];

describe("standing revocations", () => {
  it.each(naming)("%j refuses, though the end of its entry has passed", (target) => {
    const view = { epochs, standing: [...others, target].map((one) => ({ ...standing(one), until: 1 })) };
    expect(codeOf(checkView(view, certificate))).toBe(`revoked_${target.kind}`);
    expect(revokedValues(view, target.kind).has(target.value)).toBe(true);
  });

  it("do not refuse what they do not name", () => {
    expect(codeOf(checkView({ epochs, standing: others.map((one) => standing(one)) }, certificate))).toBe("ok");
  });

  it("are reported by kind, then by age", () => {
    const list = [...naming].reverse().map((target, n) => standing(target, `o_${n}`));
    const later = standing({ kind: "everything", value: "*" }, "o_later");
    expect(checkView({ epochs, standing: [...list, later] }, certificate)).toMatchObject({
      error: { code: "revoked_everything", facts: { order: "o_11", target: "*" } },
    });
  });

  it("name nothing of what has no such part", () => {
    const keyAlone = { keys: ["k".repeat(43)] };
    const named = naming.filter((target) => !checkRevocations({ standing: [standing(target)] }, keyAlone).ok);
    expect(named.map(targetKey)).toEqual(["everything:*", `key:${"k".repeat(43)}`]);
  });
});

describe("epochs", () => {
  it.each([
    [{ global: 4 }, "epoch_stale"],
    [{ global: 2 }, "epoch_ahead"],
    [{ subject: { "agent:a": 3 } }, "epoch_stale"],
    [{ subject: {} }, "epoch_ahead"],
    [{ policy: { p: 2 } }, "epoch_stale"],
    [{ policy: { p: 0 } }, "epoch_ahead"],
    [{ global: 2, policy: { p: 2 } }, "epoch_stale"],
  ])("%j is %s", (over, code) => {
    expect(codeOf(checkView({ epochs: { ...epochs, ...over }, standing: [] }, certificate))).toBe(code);
  });

  it("of names that objects inherit stand at 0", () => {
    const odd = { ...certificate, epochs: { global: 3, subject: 2, policy: { id: "constructor", epoch: 0 } } };
    expect(codeOf(checkView({ epochs, standing: [] }, odd))).toBe("ok");
  });
});

describe("the part of the check that concerns bundle and policy", () => {
  it("refuses only what the whole check refuses, and every bundle and policy that stands revoked", () => {
    const view = fc.record({
      standing: fc.array(fc.constantFrom(...naming, ...others)).map((list) => list.map((one) => standing(one))),
      epochs: fc.constantFrom(epochs, { ...epochs, policy: { p: 2 } }, { ...epochs, global: 9 }),
    });
    fc.assert(
      fc.property(view, (it) => {
        const part = checkPolicyInView(it, certificate);
        if (!part.ok) expect(checkView(it, certificate).ok).toBe(false);
        const named = it.standing.some(
          ({ target: { kind, value } }) =>
            (kind === "bundle" && value === certificate.bundle) || (kind === "policy" && value === "p"),
        );
        expect(part.ok).toBe(!named && it.epochs.policy.p === 1);
      }),
    );
  });
});

import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { RevocationTarget } from "@seb/schema";
import { publicOf } from "@seb/seal";
import { decodeUnverified } from "@seb/verify-core";
import { PREVIOUS } from "../testing/attest.js";
import { controlFiles, pack } from "../testing/control.js";
import { Harness, value } from "../testing/harness.js";
import { keyOf } from "../testing/keys.js";

let signer: Harness;
beforeAll(async () => {
  signer = await Harness.start();
});
afterAll(() => signer.end());

const ready = async () => (await signer.send("GET", "/readyz", undefined)).status;

describe("a standing revocation", () => {
  const kid = (name: string) => publicOf(keyOf(signer.world.keys, name)).kid;
  const targets: readonly (readonly [string, () => RevocationTarget])[] = [
    ["subject", () => ({ kind: "subject", value: "agent:oncall-v3" })],
    ["key", () => ({ kind: "key", value: kid("agent") })],
    ["key", () => ({ kind: "key", value: kid("certificate") })],
    ["action", () => ({ kind: "action", value: "deploy" })],
    ["resource", () => ({ kind: "resource", value: "service:checkout/region:us-east-1" })],
    ["resource", () => ({ kind: "resource", value: "service:checkout/region:*" })],
    ["policy", () => ({ kind: "policy", value: "auto-low-risk-v2" })],
    ["bundle", () => ({ kind: "bundle", value: String(signer.world.bundle) })],
    ["everything", () => ({ kind: "everything", value: "*" })],
  ];
  it.each(targets)("of kind %s stops issuance until it is lifted", async (kind, target) => {
    expect((await signer.ask()).status).toBe(201);
    await signer.change({ standing: [target()] });
    expect(await signer.ask()).toMatchObject({ status: 403, body: { code: `revoked_${kind}` } });
    expect((await signer.records("denied")).at(-1)).toMatchObject({ code: `revoked_${kind}` });
    await signer.change({ standing: [] });
    expect((await signer.ask()).status).toBe(201);
  });

  it("of something else stops nothing", async () => {
    await signer.change({
      standing: [
        { kind: "subject", value: "agent:night-bot" },
        { kind: "resource", value: "service:search/region:*" },
        { kind: "policy", value: "human-approved" },
      ],
    });
    expect((await signer.ask()).status).toBe(201);
    await signer.change({ standing: [] });
  });

  it("of one permitting policy leaves the others", async () => {
    await signer.change({ standing: [{ kind: "policy", value: "auto-low-risk-v2" }] });
    const request = { parameters: { image_digest: PREVIOUS }, evidence: [signer.attest({ digest: PREVIOUS })] };
    const { body } = await signer.ask({ request });
    const { claims } = value(decodeUnverified(String(body.certificate), "seb-cert+jwt"));
    expect(claims.policy).toMatchObject({ id: "emergency-rollback", also: [] });
    await signer.change({ standing: [] });
  });
});

describe("epochs", () => {
  it("of the verified status go into the certificate", async () => {
    await signer.change({
      epochs: { global: 5, subject: { "agent:oncall-v3": 3, "agent:night-bot": 9 }, policy: { "auto-low-risk-v2": 4 } },
    });
    const { body } = await signer.ask();
    const { claims } = value(decodeUnverified(String(body.certificate), "seb-cert+jwt"));
    expect(claims).toMatchObject({ epochs: { global: 5, subject: 3 }, policy: { epoch: 4 } });
  });
});

describe("without the revocation service's word", () => {
  it("nothing is issued: no active bundle", async () => {
    const { bundle } = signer.world;
    await signer.change({ bundle: null });
    expect(await signer.ask()).toMatchObject({ status: 503, body: { code: "no_active_bundle" } });
    expect((await signer.send("GET", "/v1/actions", undefined)).body.code).toBe("no_active_bundle");
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await ready()).toBe(503);
    await signer.change({ bundle });
    expect((await signer.ask()).status).toBe(201);
  });

  it("nothing is issued: a bundle that is not there, or not what its digest says", async () => {
    const { bundle } = signer.world;
    const other = pack(controlFiles(signer.world.keys, { "people/erin.yaml": undefined }));
    await signer.change({ bundle: other.digest });
    expect(await signer.ask()).toMatchObject({ status: 503, body: { code: "bundle_invalid" } });
    signer.world.bundles.set(other.digest, `${other.text} `);
    expect(await signer.ask()).toMatchObject({ status: 503, body: { code: "bundle_invalid" } });
    signer.world.bundles.set(other.digest, other.text);
    expect((await signer.ask()).status).toBe(201);
    await signer.change({ bundle });
  });

  it("nothing is issued: a stale status", async () => {
    signer.silence();
    signer.world.aheadMs += 3000;
    expect(await signer.ask()).toMatchObject({ status: 503, body: { code: "status_stale" } });
    expect(await ready()).toBe(503);
    await signer.beat();
    expect((await signer.ask()).status).toBe(201);
  });

  it("nothing is issued: the store was replaced", async () => {
    const replaced = await Harness.start({
      ports: (real) => ({
        view: {
          read: async () => {
            const view = await real.view.read();
            return view.ok ? { ok: true, value: { ...view.value, run_id: "another-run" } } : view;
          },
        },
      }),
    });
    expect(await replaced.ask()).toMatchObject({ status: 503, body: { code: "store_discontinuity" } });
    const health = await replaced.send("GET", "/readyz", undefined);
    expect(health.status).toBe(503);
    await replaced.end();
  });
});

import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { BUILT_IN } from "@seb/evidence";
import { generateKeyFile } from "@seb/seal";
import { type Attested, attest, IMAGE, PREVIOUS, RUNNING } from "../../testing/attest.js";
import { windows } from "../../testing/control.js";
import { Harness } from "../../testing/harness.js";

const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

describe("attestation", () => {
  let signer: Harness;
  beforeAll(async () => {
    signer = await Harness.start();
  });
  afterAll(() => signer.end());

  const wrong: readonly (readonly [string, Attested])[] = [
    ["unsigned", { unsigned: true }],
    ["changed after signing", { tamper: true }],
    ["by a key id that nobody pinned", { keyid: "ci-2" }],
    ["for another artifact's digest", { digest: RUNNING }],
    ["for another image of the same digest", { name: "registry.example/search" }],
    ["for a look-alike repository", { name: "registry.example/checkout/" }],
    ["too old", { finishedOn: ago(31) }],
    ["from the future", { finishedOn: new Date(Date.now() + 600_000).toISOString() }],
    ["without a time", { finishedOn: "yesterday" }],
    ["of another kind", { predicateType: "https://slsa.dev/provenance/v1" }],
    ["that is no in-toto statement", { payloadType: "text/plain" }],
  ];

  it.each(wrong)("counts for nothing when it is %s", async (_what, it) => {
    const answer = await signer.ask({ request: { evidence: [signer.attest(it)] } });
    expect(answer).toMatchObject({ status: 403, body: { code: "policy_denied" } });
    const record = (await signer.records("denied")).at(-1);
    expect(record?.policy_input).toMatchObject({ context: { image_attested: false, tests_passed: false } });
    expect(record?.reasons).toEqual(expect.arrayContaining([expect.stringMatching(/^attestation: /)]));
  });

  it("counts for nothing when another key made it, whatever key id it names", async () => {
    const foreign = await generateKeyFile("agent", "mallory");
    const answer = await signer.ask({ request: { evidence: [attest(foreign, signer.nowMs())] } });
    expect(answer.body.code).toBe("policy_denied");
  });

  it("is missed when it is not there, and rubbish is nothing", async () => {
    expect((await signer.ask({ request: { evidence: [] } })).body.code).toBe("policy_denied");
    const evidence = [{ type: "attestation" as const, envelope: "bm90IGFuIGVudmVsb3Bl" }];
    expect((await signer.ask({ request: { evidence } })).body.code).toBe("policy_denied");
  });

  it.each(["FAILED", "WARNED", "passed", "OK"])("does not pass tests that ended with %s", async (result) => {
    const answer = await signer.ask({ request: { evidence: [signer.attest({ result })] } });
    expect(answer.body.code).toBe("policy_denied");
  });

  it("lets a verified failure outweigh a pass", async () => {
    const evidence = [signer.attest(), signer.attest({ result: "FAILED" })];
    expect((await signer.ask({ request: { evidence } })).body.code).toBe("policy_denied");
    const record = (await signer.records("denied")).at(-1);
    expect(record?.policy_input).toMatchObject({ context: { image_attested: true, tests_passed: false } });
  });

  it("does not let unverifiable statements spoil a verified one", async () => {
    const evidence = [
      signer.attest({ tamper: true }),
      signer.attest({ result: "FAILED", digest: PREVIOUS }),
      signer.attest(),
    ];
    expect((await signer.ask({ request: { evidence } })).status).toBe(201);
  });

  it("stops counting when the builder's key is revoked", async () => {
    const { jwkThumbprint } = await import("@seb/canonical");
    const builder = signer.world.keys.get("builder");
    await signer.change({ standing: [{ kind: "key", value: jwkThumbprint(builder?.jwk ?? {}) }] });
    expect((await signer.ask()).body.code).toBe("policy_denied");
    await signer.change({ standing: [] });
  });

  it("may be about the running image where the action leaves it alone", async () => {
    const scale = (digest: string) => ({
      request: { action: "scale", parameters: {}, evidence: [signer.attest({ digest })] },
      observed: { action: "scale" },
    });
    expect((await signer.ask(scale(IMAGE))).body.code).toBe("policy_denied");
    expect((await signer.ask(scale(RUNNING))).status).toBe(201);
  });
});

describe("outside the window", () => {
  let signer: Harness;
  beforeAll(async () => {
    signer = await Harness.start({ control: { "policy/windows.yaml": windows(undefined) } });
  });
  afterAll(() => signer.end());

  const back = { parameters: { image_digest: PREVIOUS }, evidence: [] };

  it("only people or the emergency policy permit", async () => {
    expect(await signer.ask()).toMatchObject({ status: 202, body: { code: "approval_pending" } });
    const answer = await signer.ask({ request: back });
    expect(answer).toMatchObject({ status: 201, body: { policy: "emergency-rollback" } });
  });

  it("the emergency policy goes back to the previous image of the observation and to no other", async () => {
    const other = { parameters: { image_digest: IMAGE }, evidence: [] };
    expect((await signer.ask({ request: other })).body.code).toBe("policy_denied");
    const same = { parameters: { image_digest: RUNNING }, evidence: [] };
    expect((await signer.ask({ request: same })).body.code).toBe("policy_denied");
    expect((await signer.ask({ request: back, state: { previous: {} } })).body.code).toBe("policy_denied");
    const elsewhere = { previous: { image: `registry.example/search@${PREVIOUS}` } };
    expect((await signer.ask({ request: back, state: elsewhere })).body.code).toBe("policy_denied");
  });

  it("does not take the agent's word for what ran before", async () => {
    const reference = { type: "reference" as const, name: "previous_image", value: IMAGE };
    const request = { parameters: { image_digest: IMAGE }, evidence: [reference] };
    expect((await signer.ask({ request })).body.code).toBe("policy_denied");
  });
});

describe("a freeze", () => {
  it("denies everything but the emergency policy, and asks nobody", async () => {
    const freeze = '[{ name: holidays, services: ["*"], from: 0, to: 4102444800, reason: holidays }]';
    const always =
      '{ name: always, services: ["*"], zone: UTC, days: [mon, tue, wed, thu, fri, sat, sun], from: "00:00", to: "00:00" }';
    const signer = await Harness.start({ control: { "policy/windows.yaml": windows(always, freeze) } });
    expect((await signer.ask()).body.code).toBe("policy_denied");
    const back = await signer.ask({ request: { parameters: { image_digest: PREVIOUS }, evidence: [] } });
    expect(back.body).toMatchObject({ policy: "emergency-rollback" });
    await signer.end();
  });
});

describe("a source of evidence", () => {
  it("that throws or is late is absent", async () => {
    for (const gather of [
      () => Promise.reject(new Error("down")),
      () => new Promise<never>(() => undefined),
      () => {
        throw new Error("down");
      },
    ]) {
      const providers = BUILT_IN.map((it) => (it.name === "window" ? { ...it, gather } : it));
      const thresholds = (await import("../../testing/control.js")).thresholds({ evidence_deadline_ms: "100" });
      const control = { "policy/thresholds.yaml": thresholds };
      const signer = await Harness.start({ control, ports: () => ({ providers }) });
      // A window that nobody could look at counts as closed, and as frozen.
      expect((await signer.ask()).body.code).toBe("policy_denied");
      const record = (await signer.records("denied")).at(-1);
      expect(record?.policy_input).toMatchObject({ context: { window_open: false, freeze: true } });
      await signer.end();
    }
  });
});

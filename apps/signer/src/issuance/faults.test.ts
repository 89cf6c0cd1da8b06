import { describe, expect, it } from "@jest/globals";
import { type BodyOf, ISSUANCE_STEPS, type IssuanceStep, type RecordKind } from "@seb/schema";
import { thresholds } from "../../testing/control.js";
import { Harness, newKey } from "../../testing/harness.js";
import type { SignerPorts } from "../index.js";

const REACHED = ISSUANCE_STEPS.filter((step) => step !== "authenticate");

/** A signer whose certificate key counts how often it signs. */
async function spied(ports: (real: SignerPorts) => Partial<SignerPorts>, control = {}, config = {}) {
  const signed = { times: 0 };
  const signer = await Harness.start({
    control,
    config,
    ports: (real) => ({
      key: {
        ...real.key,
        sign: (prepared) => {
          signed.times += 1;
          return real.key.sign(prepared);
        },
      },
      ...ports(real),
    }),
  });
  return { signer, signed };
}

const failing = (kind: string) => (real: SignerPorts) => ({
  chain: {
    writer: real.chain.writer,
    boot: real.chain.boot,
    history: () => real.chain.history(),
    head: () => real.chain.head(),
    close: () => real.chain.close(),
    append: async <K extends RecordKind>(asked: K, body: BodyOf<K>) =>
      asked === kind
        ? ({ ok: false, error: { code: "record_failed", detail: "the disk is full" } } as const)
        : real.chain.append(asked, body),
  },
});

describe("no record, no certificate", () => {
  it("a journal that fails ends it before anything is signed", async () => {
    const { signer, signed } = await spied(failing("issued"));
    const key = newKey();
    expect(await signer.ask({ key })).toMatchObject({ status: 503, body: { code: "record_failed", step: "journal" } });
    expect(signed.times).toBe(0);
    // What may or may not have become durable must not be guessed at: nothing more until the next start.
    expect((await signer.ask()).body).toMatchObject({ code: "record_failed", step: "validate" });
    expect((await signer.send("GET", "/readyz", undefined)).status).toBe(503);
    await signer.end();
  });

  it("evidence that cannot be stored ends it before anything is journalled", async () => {
    const { signer, signed } = await spied(() => ({
      evidence: {
        put: async () => ({ ok: false, error: { code: "record_failed", detail: "the disk is full" } }),
        get: async () => undefined,
      },
    }));
    expect(await signer.ask()).toMatchObject({ status: 503, body: { code: "record_failed", step: "store" } });
    expect(signed.times).toBe(0);
    expect(await signer.records("issued")).toEqual([]);
    expect((await signer.records("denied")).at(-1)).toMatchObject({ code: "record_failed", step: "store" });
    await signer.end();
  });

  it("a store that answers with another digest is not believed", async () => {
    const { signer, signed } = await spied(() => ({
      evidence: { put: async () => ({ ok: true, value: `sha256:${"0".repeat(64)}` }), get: async () => undefined },
    }));
    expect((await signer.ask()).body).toMatchObject({ code: "record_failed", step: "store" });
    expect(signed.times).toBe(0);
    await signer.end();
  });

  it("a request that people would have to approve needs its record too", async () => {
    const { signer } = await spied(failing("pending"));
    expect(await signer.ask({ request: { bounds: { max_replicas: 40 } } })).toMatchObject({
      status: 503,
      body: { code: "record_failed", step: "policy" },
    });
    await signer.end();
  });
});

describe("a journal that hangs", () => {
  it("ends in a code, signs nothing, and yields one certificate when it comes back", async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const slow = (real: SignerPorts) => ({
      chain: {
        ...failing("none")(real).chain,
        append: async <K extends RecordKind>(kind: K, body: BodyOf<K>) => {
          await gate;
          return real.chain.append(kind, body);
        },
      },
    });
    const { signer, signed } = await spied(slow, {}, { step_timeout_ms: 200 });
    const [key, body] = [newKey(), await signer.bodyOf()];
    expect((await signer.ask({ key, body })).body).toMatchObject({ code: "deadline_exceeded", step: "journal" });
    expect((await signer.ask({ key, body })).body).toMatchObject({ code: "deadline_exceeded", step: "validate" });
    expect(signed.times).toBe(0);
    open();
    const answers = await Promise.all([signer.ask({ key, body }), signer.ask({ key, body })]);
    expect(answers.map((answer) => answer.body.replayed)).toEqual([true, true]);
    expect(await signer.records("issued")).toHaveLength(1);
    await signer.end();
  });
});

describe("a certificate key", () => {
  it("that signs something else, or is not the trusted one, is found out", async () => {
    const stranger = await Harness.start();
    for (const sign of [async () => "a.b.c", stranger.signingKey.sign]) {
      const signer = await Harness.start({ ports: (real) => ({ key: { ...real.key, sign } }) });
      expect(await signer.ask()).toMatchObject({ status: 500, body: { code: "self_check_failed", step: "verify" } });
      await signer.end();
    }
    await stranger.end();
  });
});

describe("a step", () => {
  it.each([...REACHED])("%s that throws is a refusal with a code, and a record", async (broken) => {
    const hook = async <T>(step: IssuanceStep, _id: string, run: () => Promise<T>): Promise<T> => {
      if (step === broken) throw new Error("a bug");
      return run();
    };
    const { signer, signed } = await spied(() => ({ hook }));
    expect(await signer.ask()).toMatchObject({ status: 503, body: { code: "step_failed", step: broken } });
    expect(signed.times).toBe(["verify", "answer"].includes(broken) ? 1 : 0);
    expect((await signer.records("denied")).at(-1)).toMatchObject({ code: "step_failed", step: broken });
    await signer.end();
  });

  it("that throws before the agent is known leaves a stranger's refusal", async () => {
    const hook = () => Promise.reject(new Error("a bug"));
    const { signer } = await spied(() => ({ hook }));
    expect((await signer.ask()).body.code).toBe("step_failed");
    expect((await signer.records("refusal")).at(-1)).toMatchObject({ code: "step_failed", step: "authenticate" });
    await signer.end();
  });

  it("that hangs is cut off, and gives the certificate that it journalled to whoever asks again", async () => {
    let slow = true;
    const { signer } = await (async () => {
      const made = await Harness.start({
        config: { step_timeout_ms: 300 },
        ports: (real) => ({
          key: {
            ...real.key,
            sign: (prepared) => (slow ? new Promise<never>(() => undefined) : real.key.sign(prepared)),
          },
        }),
      });
      return { signer: made };
    })();
    const [key, body] = [newKey(), await signer.bodyOf()];
    expect((await signer.ask({ key, body })).body).toMatchObject({ code: "deadline_exceeded", step: "sign" });
    slow = false;
    const answer = await signer.ask({ key, body });
    expect(answer).toMatchObject({ status: 201, body: { replayed: true } });
    expect(await signer.records("issued")).toHaveLength(1);
    await signer.end();
  });

  it("after the journal may be the last one before a crash: the next start answers the same request", async () => {
    let crash = true;
    const hook = async <T>(step: IssuanceStep, _id: string, run: () => Promise<T>): Promise<T> => {
      if (step === "sign" && crash) throw new Error("killed");
      return run();
    };
    const { signer } = await spied(() => ({ hook }));
    const [key, body] = [newKey(), await signer.bodyOf()];
    expect((await signer.ask({ key, body })).body.step).toBe("sign");
    crash = false;
    await signer.restart();
    const answer = await signer.ask({ key, body });
    const [record] = await signer.records("issued");
    expect(answer.body).toMatchObject({ cert_id: record?.cert_id, request: record?.request, replayed: true });
    await signer.end();
  });
});

describe("policies", () => {
  it("that err deny, although something else permits", async () => {
    // The forbid overflows for this risk alone; an engine that skipped it would allow.
    const control = {
      "policy/thresholds.yaml": thresholds({ image_changed: "23", replicas_raised: "0" }),
      "policy/95-overflow.cedar":
        '@id("overflow")\n@rank("95")\nforbid (principal, action, resource)\nwhen { context.risk == 23 && context.risk * 9223372036854775807 > 0 };\n',
    };
    const { signer, signed } = await spied(() => ({}), control);
    expect(await signer.ask()).toMatchObject({ status: 403, body: { code: "policy_error", step: "policy" } });
    expect(signed.times).toBe(0);
    expect((await signer.records("denied")).at(-1)).toMatchObject({
      code: "policy_error",
      policy_input: { context: { risk: 23 } },
    });
    await signer.end();
  });

  it("deny more often to an agent that was denied before", async () => {
    const control = {
      "policy/thresholds.yaml": `${thresholds({})}`.replace("risk_weights:", "risk_weights:\n  recent_denials: 11"),
    };
    const { signer } = await spied(() => ({}), control);
    expect((await signer.ask()).status).toBe(201);
    expect((await signer.ask({ request: { evidence: [] } })).body.code).toBe("policy_denied");
    expect(await signer.ask()).toMatchObject({ status: 202 });
    expect((await signer.records("pending")).at(-1)).toMatchObject({ volatile: { risk: 31 } });
    await signer.end();
  });
});

describe("bounds of the signer's own", () => {
  it("hold whatever the policies say", async () => {
    const signer = await Harness.start({ config: { max_tier: 1, max_ttl_seconds: 30, requests_per_minute: 3 } });
    const { body } = await signer.ask();
    expect(Number(body.not_after) - Math.floor(signer.nowMs() / 1000)).toBeLessThanOrEqual(30);
    const large = { request: { bounds: { max_replicas: 40 } } };
    expect(await signer.ask(large)).toMatchObject({ status: 403, body: { code: "tier_refused", step: "tier" } });
    await signer.ask();
    expect(await signer.ask()).toMatchObject({ status: 429, body: { code: "rate_limited" } });
    await signer.end();
  });
});

import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { OrderBody, RevocationTarget } from "@seb/schema";
import { need, START_MS } from "../../testing/environment.js";
import { setUp } from "../../testing/office.js";
import { standingAt } from "../journal/ledger.js";

let at: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  at = await setUp();
});
afterEach(() => at.tearDown());

const certificate = `c_${"a".repeat(26)}`;
const revoke = (target: RevocationTarget): OrderBody => ({ do: "revoke", target });
const agent: RevocationTarget = { kind: "subject", value: "agent:oncall-v3" };
const targets: readonly RevocationTarget[] = [
  { kind: "certificate", value: certificate },
  agent,
  { kind: "key", value: "k".repeat(43) },
  { kind: "policy", value: "auto-low-risk-v2" },
  { kind: "bundle", value: `sha256:${"0".repeat(64)}` },
  { kind: "resource", value: "service:*/region:us-east-1" },
  { kind: "action", value: "deploy" },
  { kind: "everything", value: "*" },
];

describe("an order to revoke", () => {
  it.each(targets)("$kind: one operator stops it, in journal, view and status", async (target) => {
    const before = await at.received.status();
    const answer = need(await at.office.submit("alice", revoke(target)));
    const view = need(await at.store.reader.read());
    expect(view.standing).toMatchObject([{ target, order: answer.order, by: "alice", reason: "a test" }]);
    expect(await at.received.status()).toMatchObject({ seq: answer.seq, generation: before.generation });
    expect(answer.seq).toBe(before.seq + 1);
    expect(view.seq).toBe(answer.seq);
    expect((await at.office.records()).at(-1)).toMatchObject({
      kind: "order",
      body: { operator: "alice", stage: "applied" },
    });
  });

  it("of a certificate ends when the certificate is dead, never before", async () => {
    const target = { kind: "certificate", value: certificate } as const;
    await at.office.submit("alice", { do: "revoke", target, until: START_MS / 1000 + 1 });
    const [entry] = need(await at.store.reader.read()).standing;
    expect(entry?.until).toBe(START_MS / 1000 + 600);
    at.env.clock.pass(599_000);
    expect(standingAt(at.office.journal.ledger, at.env.clock.wall)).toHaveLength(1);
    at.env.clock.pass(1000);
    expect(standingAt(at.office.journal.ledger, at.env.clock.wall)).toHaveLength(0);
    at.env.clock.pass(120_000);
    await at.office.submit("alice", revoke(agent));
    expect(need(await at.store.reader.read()).standing.map(({ target: { kind } }) => kind)).toEqual(["subject"]);
  });

  it("of anything else takes no end", async () => {
    const done = await at.office.submit("alice", { do: "revoke", target: agent, until: START_MS / 1000 + 9999 });
    expect(done).toMatchObject({ ok: false, error: { code: "order_invalid", pointer: "/order" } });
  });

  it("counts once, however often it is sent", async () => {
    const jti = `o_${"b".repeat(26)}`;
    expect(await at.office.code("alice", revoke(agent), { jti })).toBe("ok");
    expect(await at.office.code("alice", revoke(agent), { jti })).toBe("order_replayed");
    expect(await at.office.code("bob", { do: "lift", target: agent }, { jti })).toBe("order_replayed");
  });
});

describe("an order that raises an epoch", () => {
  it.each([
    [
      { kind: "global", value: "*" },
      { global: 2, subject: {}, policy: {} },
    ],
    [
      { kind: "subject", value: "agent:a" },
      { global: 1, subject: { "agent:a": 1 }, policy: {} },
    ],
    [
      { kind: "policy", value: "p" },
      { global: 1, subject: {}, policy: { p: 1 } },
    ],
  ] as const)("%j needs one operator", async (target, epochs) => {
    expect(need(await at.office.submit("bob", { do: "epoch", target })).epochs).toEqual(epochs);
    expect((await at.received.status()).epochs).toEqual(epochs);
  });

  it("is refused when a status could not hold it any more", async () => {
    const { journal } = at.office;
    const epochs: Record<string, number> = {};
    for (let i = 0; i < 600; i++) epochs[`agent:${"a".repeat(56)}-${i}`] = 1;
    await journal.commit(async () => ({
      ok: true,
      value: {
        kind: "rebuild",
        body: {
          reason: "store_differs",
          clock_ms: START_MS,
          run_id: journal.ledger.run_id,
          generation: 2,
          seq: 2,
          epochs: { global: 2, subject: epochs, policy: {} },
          adopted: [],
        },
      },
    }));
    expect(await at.office.beat()).toBe("ok");
    const target = { kind: "policy", value: "p" } as const;
    expect(await at.office.code("alice", { do: "epoch", target })).toBe("ok");
    const long = Object.keys(epochs).length;
    let code = "ok";
    for (let i = 0; i < 60 && code === "ok"; i++)
      code = await at.office.code("alice", {
        do: "epoch",
        target: { kind: "subject", value: `agent:${"b".repeat(50)}-${i}` },
      });
    expect(long).toBe(600);
    expect(code).toBe("order_invalid");
    expect(await at.office.code("alice", { do: "epoch", target: { kind: "global", value: "*" } })).toBe("ok");
    expect(await at.office.beat()).toBe("ok");
  });
});

describe("an order to lift", () => {
  const lift: OrderBody = { do: "lift", target: agent };
  beforeEach(async () => {
    await at.office.submit("alice", revoke(agent));
  });
  const stands = async () => need(await at.store.reader.read()).standing.length === 1;

  it("does not complete an earlier one when the thing was revoked again in between", async () => {
    await at.office.submit("alice", { do: "revoke", target: agent });
    expect(await at.office.code("alice", lift)).toBe("order_pending");
    await at.office.submit("alice", { do: "revoke", target: agent });
    expect(await at.office.code("bob", lift)).toBe("order_pending");
    expect(await at.office.code("alice", lift)).toBe("ok");
  });

  it("needs two operators who say the same", async () => {
    const first = await at.office.submit("alice", lift);
    expect(first).toMatchObject({ ok: false, error: { code: "order_pending" } });
    expect(await stands()).toBe(true);
    at.env.clock.pass(599_000);
    expect(await at.office.code("bob", lift)).toBe("ok");
    expect(await stands()).toBe(false);
    expect(need(await at.store.reader.read()).seq).toBe((await at.received.status()).seq);
  });

  it("refuses the same operator twice, and keeps waiting for another", async () => {
    expect(await at.office.code("alice", lift)).toBe("order_pending");
    expect(await at.office.code("alice", lift)).toBe("order_same_operator");
    expect(await stands()).toBe(true);
    expect(await at.office.code("bob", lift)).toBe("ok");
  });

  it("does not join orders more than 10 minutes apart", async () => {
    expect(await at.office.code("alice", lift)).toBe("order_pending");
    at.env.clock.pass(600_001);
    expect(await at.office.code("bob", lift)).toBe("order_pending");
    expect(await stands()).toBe(true);
    expect(await at.office.code("alice", lift)).toBe("ok");
  });

  it("does not join orders about different things", async () => {
    const everything: RevocationTarget = { kind: "everything", value: "*" };
    await at.office.submit("alice", revoke(everything));
    expect(await at.office.code("alice", lift)).toBe("order_pending");
    expect(await at.office.code("bob", { do: "lift", target: everything })).toBe("order_pending");
    expect(need(await at.store.reader.read()).standing).toHaveLength(2);
  });

  it("of what does not stand is refused", async () => {
    const other: RevocationTarget = { kind: "action", value: "deploy" };
    expect(await at.office.code("alice", { do: "lift", target: other })).toBe("order_target_unknown");
  });
});

describe("an order to activate", () => {
  const activate = (bundle: string): OrderBody => ({ do: "activate", bundle, wire: 1 });
  const both = async (bundle: string) => {
    expect(await at.office.code("alice", activate(bundle))).toBe("order_pending");
    return need(await at.office.submit("bob", activate(bundle)));
  };

  it("needs two operators, and raises the epochs of the bundle's policies", async () => {
    const answer = await both(at.env.one);
    expect(answer.bundle).toBe(at.env.one);
    expect(Object.keys(answer.epochs.policy)).toEqual(expect.arrayContaining(["auto-low-risk-v2", "first-only"]));
    expect(answer.epochs.policy["second-only"]).toBeUndefined();
    expect(await at.received.status()).toMatchObject({ bundle: at.env.one, epochs: answer.epochs });
  });

  it("raises the epochs of old and new policies again at each activation, a rollback included", async () => {
    await both(at.env.one);
    expect((await both(at.env.two)).epochs.policy).toMatchObject({
      "auto-low-risk-v2": 2,
      "first-only": 2,
      "second-only": 1,
    });
    const back = await both(at.env.one);
    expect(back.bundle).toBe(at.env.one);
    expect(back.epochs.policy).toMatchObject({ "auto-low-risk-v2": 3, "first-only": 3, "second-only": 2 });
  });

  it("refuses a bundle that is not there, is not what its digest says, or is revoked", async () => {
    expect(await at.office.code("alice", activate(`sha256:${"1".repeat(64)}`))).toBe("bundle_unknown");
    at.env.bundles.set(at.env.two, at.env.bundles.get(at.env.one) ?? "");
    expect(await at.office.code("alice", activate(at.env.two))).toBe("bundle_invalid");
    expect(await at.office.code("alice", activate(at.env.one))).toBe("order_pending");
    await at.office.submit("bob", revoke({ kind: "bundle", value: at.env.one }));
    expect(await at.office.code("bob", activate(at.env.one))).toBe("revoked_bundle");
    expect((await at.received.status()).bundle).toBeNull();
  });
});

describe("an order of a key that stands revoked", () => {
  const alicesKey = () => ({ kind: "key", value: at.env.kidOf("alice") }) as const;
  const lift = (target: RevocationTarget): OrderBody => ({ do: "lift", target });
  const stands = async () => need(await at.store.reader.read()).standing.map(({ target }) => target);

  it("is refused, whatever it says, its own lift included, and each refusal is recorded", async () => {
    await at.office.submit("bob", revoke(alicesKey()));
    const orders: OrderBody[] = [
      revoke(agent),
      revoke({ kind: "key", value: at.env.kidOf("bob") }),
      lift(alicesKey()),
      { do: "epoch", target: { kind: "global", value: "*" } },
      { do: "activate", bundle: at.env.one, wire: 1 },
    ];
    for (const order of orders) expect(await at.office.code("alice", order)).toBe("revoked_key");
    expect(await stands()).toEqual([alicesKey()]);
    const refusals = (await at.office.records()).filter(({ kind }) => kind === "refusal");
    expect(refusals.map(({ body }) => body)).toMatchObject(
      orders.map((order) => ({ code: "revoked_key", operator: "alice", does: order.do })),
    );
  });

  it("does not help to lift, but two other operators lift its revocation; then it counts again", async () => {
    await at.office.submit("bob", revoke(alicesKey()));
    expect(await at.office.code("bob", lift(alicesKey()))).toBe("order_pending");
    expect(await at.office.code("alice", lift(alicesKey()))).toBe("revoked_key");
    expect(await stands()).toEqual([alicesKey()]);
    expect(await at.office.code("carol", lift(alicesKey()))).toBe("ok");
    expect(await stands()).toEqual([]);
    expect(await at.office.code("alice", revoke(agent))).toBe("ok");
  });

  it("is no first of two orders any more when the key was revoked while it waited", async () => {
    const activate: OrderBody = { do: "activate", bundle: at.env.one, wire: 1 };
    expect(await at.office.code("alice", activate)).toBe("order_pending");
    await at.office.submit("bob", revoke(alicesKey()));
    expect(await at.office.code("bob", activate)).toBe("order_pending");
    expect(await at.office.code("alice", activate)).toBe("revoked_key");
    expect(await at.office.code("carol", activate)).toBe("ok");
  });

  it("is refused after its own holder revoked it; everything else stays liftable", async () => {
    const everything: RevocationTarget = { kind: "everything", value: "*" };
    await at.office.submit("alice", revoke(everything));
    expect(await at.office.code("alice", revoke(alicesKey()))).toBe("ok");
    expect(await at.office.code("alice", lift(everything))).toBe("revoked_key");
    expect(await at.office.code("bob", lift(everything))).toBe("order_pending");
    expect(await at.office.code("carol", lift(everything))).toBe("ok");
    expect(await stands()).toEqual([alicesKey()]);
  });
});

describe("what is no order here", () => {
  it("is refused with a code, and recorded", async () => {
    const resolve: OrderBody = { do: "resolve", certificate, state: "executed" };
    expect(await at.office.code("alice", resolve)).toBe("order_invalid");
    const now = START_MS / 1000;
    const code = (claims: Parameters<typeof at.office.code>[2]) => at.office.code("alice", revoke(agent), claims);
    expect(await code({ aud: "env:other" })).toBe("audience_wrong");
    expect(await code({ iat: now - 400, exp: now - 1 })).toBe("expired");
    expect(await code({ iat: now, exp: now + 601 })).toBe("lifetime_too_long");
    expect(await code({ iat: now + 60, exp: now + 120 })).toBe("issued_in_future");
    const refusals = (await at.office.records()).filter(({ kind }) => kind === "refusal").map(({ body }) => body.code);
    expect(refusals).toEqual(["order_invalid", "audience_wrong", "expired", "lifetime_too_long", "issued_in_future"]);
    expect(need(await at.store.reader.read()).standing).toEqual([]);
  });
});

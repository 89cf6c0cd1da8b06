import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { epochsFell, maxEpochs, targetKey } from "@seb/authority";
import { type Epochs, fail, type OrderBody, type RevocationTarget } from "@seb/schema";
import fc from "fast-check";
import { need, openStore } from "../../testing/environment.js";
import { openOffice, setUp } from "../../testing/office.js";

const target: fc.Arbitrary<RevocationTarget> = fc.constantFrom(
  { kind: "subject", value: "agent:a" },
  { kind: "action", value: "deploy" },
  { kind: "everything", value: "*" },
);
type Step =
  | { readonly do: "revoke" | "lift"; readonly target: RevocationTarget }
  | { readonly do: "epoch" | "restart" | "restartStore" | "wipeStore" }
  | { readonly do: "store"; readonly down: boolean }
  | { readonly do: "clock"; readonly ms: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("revoke" as const, "lift" as const), target }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("epoch" as const, "restart" as const, "restartStore" as const, "wipeStore" as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("store" as const), down: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("clock" as const), ms: fc.constantFrom(500, 3_600_000, -3_600_000, -700) }),
  },
);

/** A service under test, and what it has acknowledged. */
async function scenario() {
  const at = await setUp();
  const acknowledged = new Set<string>();
  let epochs: Epochs = { global: 0, subject: {}, policy: {} };
  let down = false;
  const openAgain = () =>
    openOffice(at.env, at.store, (ports) => ({
      writer: {
        ...ports.writer,
        write: async (view) => (down ? fail("store_unavailable", "injected") : ports.writer.write(view)),
      },
    }));
  const reopen = async (between: () => Promise<void>) => {
    await at.office.close();
    await between();
    at.office = await openAgain();
  };
  const reopenStore = (wiped: boolean) =>
    reopen(async () => {
      await at.store.close();
      if (wiped) await rm(join(at.env.folder, "store"), { recursive: true });
      at.store = await openStore(at.env);
    });

  async function order(asked: Extract<Step, { do: "revoke" | "lift" }>): Promise<void> {
    const body: OrderBody = { do: asked.do, target: asked.target };
    if (asked.do === "lift") await at.office.code("alice", body);
    const code = await at.office.code("bob", body);
    const key = targetKey(asked.target);
    if (asked.do === "revoke" && code === "ok") acknowledged.add(key);
    // A lift that was recorded but not acknowledged may hold from any moment on.
    if (asked.do === "lift" && (code === "ok" || code === "store_unavailable")) acknowledged.delete(key);
  }
  async function run(asked: Step): Promise<void> {
    if (asked.do === "revoke" || asked.do === "lift") await order(asked);
    else if (asked.do === "epoch")
      await at.office.code("bob", { do: "epoch", target: { kind: "subject", value: "agent:a" } });
    else if (asked.do === "restart") await reopen(async () => undefined);
    else if (asked.do === "store") down = asked.down;
    else if (asked.do !== "clock") await reopenStore(asked.do === "wipeStore");
    else {
      at.env.clock.wall += asked.ms;
      at.env.clock.mono += Math.max(0, asked.ms);
    }
  }
  /** What must stand after a beat that went out. */
  async function holds(): Promise<void> {
    const beat = await at.office.beat();
    if (beat !== "ok") return expect([beat, down]).toEqual(["store_unavailable", true]);
    const status = await at.received.status();
    const view = need(await at.store.reader.read());
    expect(status).toMatchObject({
      seq: view.seq,
      generation: view.generation,
      run_id: view.run_id,
      epochs: view.epochs,
    });
    expect(epochsFell(epochs, view.epochs)).toBe(false);
    epochs = maxEpochs(epochs, view.epochs);
    const standing = new Set(view.standing.map(({ target }) => targetKey(target)));
    for (const key of acknowledged) expect([...standing]).toContain(key);
  }
  return { run, holds, end: () => at.tearDown() };
}

describe("the revocation service, whatever happens to it, its store and its clock", () => {
  it("forgets no acknowledged revocation, lets no epoch fall, and is believed again after each beat", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const { run, holds, end } = await scenario();
        try {
          for (const asked of steps) {
            await run(asked);
            await holds();
          }
        } finally {
          await end();
        }
      }),
      { numRuns: 25 },
    );
  }, 120_000);
});

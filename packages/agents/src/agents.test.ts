import { beforeEach, describe, expect, it } from "@jest/globals";
import { fail, ok, type RevocationTarget } from "@seb/schema";
import fc from "fast-check";
import { codeOf, makeWorld, NOW, newKey, reading, SUBJECT, type World } from "../testing/world.js";

let world: World;
beforeEach(() => {
  world = makeWorld();
});

const authenticate = async () => codeOf(await world.agents.authenticate(reading(world.agent)));
const read = async (who: "agent" | "approver") => codeOf(await world.agents.authenticateReader(reading(world[who])));

describe("an agent", () => {
  it("is known by a proof of a registered key", async () => {
    const known = await world.agents.authenticate(reading(world.agent));
    expect(known).toMatchObject({ ok: true, value: { agent: { subject: SUBJECT }, jkt: world.agent.jkt } });
  });

  it("is known once by each proof", async () => {
    const request = reading(world.agent);
    expect(codeOf(await world.agents.identify(request))).toBe("ok");
    expect(codeOf(await world.agents.identify(request))).toBe("proof_replayed");
    expect(codeOf(await world.agents.authenticateReader(request))).toBe("proof_replayed");
  });

  it("is unknown by any other key, an approver's too, and such a proof takes no room of the window", async () => {
    const request = reading(newKey());
    expect(codeOf(await world.agents.authenticate(request))).toBe("agent_unknown");
    expect(codeOf(await world.agents.authenticate(request))).toBe("agent_unknown");
    expect(codeOf(await world.agents.authenticate(reading(world.approver)))).toBe("agent_unknown");
  });

  it("is refused from the second on in which the registration ends", async () => {
    const expires = world.bundle.agents.get(SUBJECT)?.expires ?? 0;
    world.nowSeconds = expires - 1;
    expect(codeOf(await world.agents.authenticate(reading(world.agent, { iat: expires - 1 })))).toBe("ok");
    world.nowSeconds = expires;
    expect(codeOf(await world.agents.authenticate(reading(world.agent, { iat: expires })))).toBe("agent_expired");
  });

  it("is refused while it is not known what is in force", async () => {
    const { status, place } = world;
    world.status = fail("status_stale", "old");
    expect(await authenticate()).toBe("status_stale");
    if (!status.ok) throw new Error("the world begins with a status");
    world.status = ok({ ...status.value, bundle: null });
    expect(await authenticate()).toBe("no_active_bundle");
    world.status = status;
    world.place = { ...place, run_id: "run-b" };
    expect(await authenticate()).toBe("store_discontinuity");
    world.place = { ...place, generation: place.generation - 1 };
    expect(await authenticate()).toBe("store_discontinuity");
    world.place = { ...place, seq: place.seq - 1 };
    expect(await authenticate()).toBe("status_backwards");
    world.place = { ...place, seq: place.seq + 1 };
    expect(await authenticate()).toBe("ok");
  });
});

describe("a standing revocation", () => {
  const own = (): readonly RevocationTarget[] => [
    { kind: "everything", value: "*" },
    { kind: "subject", value: SUBJECT },
    { kind: "key", value: world.agent.jkt },
    { kind: "bundle", value: world.bundle.digest },
  ];
  const others: readonly RevocationTarget[] = [
    { kind: "subject", value: "agent:night-bot" },
    { kind: "key", value: "A".repeat(43) },
    { kind: "bundle", value: `sha256:${"0".repeat(64)}` },
    { kind: "action", value: "deploy" },
    { kind: "policy", value: "auto-low-risk-v2" },
    { kind: "resource", value: "service:*/region:*" },
    { kind: "certificate", value: `c_${"a".repeat(26)}` },
  ];

  it("refuses an agent exactly when it names the agent, its key, its bundle or everything", async () => {
    const targets = [...own(), ...others];
    await fc.assert(
      fc.asyncProperty(fc.subarray(targets.map((_, index) => index)), async (chosen) => {
        world.standing = chosen.map((index) => targets[index]).filter((target) => target !== undefined);
        const named = chosen.some((index) => index < own().length);
        const codes = [await authenticate(), await read("agent")];
        for (const code of codes) expect(named ? code.startsWith("revoked_") : code === "ok").toBe(true);
        // Who asks is known all the same: a refusal can be recorded under the agent's name.
        expect(codeOf(await world.agents.identify(reading(world.agent)))).toBe("ok");
      }),
      { numRuns: 60 },
    );
  });

  it("of an approver's key or of everything stops the approver, and an agent's subject does not", async () => {
    expect(await read("approver")).toBe("ok");
    world.standing = [{ kind: "key", value: world.approver.jkt }];
    expect(await read("approver")).toBe("revoked_key");
    expect(await read("agent")).toBe("ok");
    world.standing = [{ kind: "everything", value: "*" }];
    expect(await read("approver")).toBe("revoked_everything");
    world.standing = [{ kind: "subject", value: SUBJECT }];
    expect(await read("approver")).toBe("ok");
    world.standing = [];
    expect(await read("approver")).toBe("ok");
  });
});

describe("what is open to everyone", () => {
  const open = { method: "GET", path: "/v1/things" };

  it("needs no proof, and holds whoever shows one to it", async () => {
    expect(codeOf(await world.agents.open({ ...open, proof: undefined }))).toBe("ok");
    expect(codeOf(await world.agents.open(reading(world.agent)))).toBe("ok");
    expect(codeOf(await world.agents.open(reading(world.approver)))).toBe("ok");
    expect(codeOf(await world.agents.open({ ...open, proof: "a word" }))).toBe("proof_malformed");
    expect(codeOf(await world.agents.open(reading(newKey())))).toBe("agent_unknown");
    expect(codeOf(await world.agents.open(reading(world.agent, { iat: NOW - 61 })))).toBe("proof_expired");
    world.standing = [{ kind: "key", value: world.agent.jkt }];
    expect(codeOf(await world.agents.open(reading(world.agent)))).toBe("revoked_key");
    expect(codeOf(await world.agents.open({ ...open, proof: undefined }))).toBe("ok");
  });
});

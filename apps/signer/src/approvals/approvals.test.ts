import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { base32Id } from "@seb/canonical";
import { PendingAnswer, validate } from "@seb/schema";
import { publicOf } from "@seb/seal";
import { decodeUnverified } from "@seb/verify-core";
import { PREVIOUS } from "../../testing/attest.js";
import { thresholds } from "../../testing/control.js";
import { Harness, newKey, value } from "../../testing/harness.js";
import { keyOf } from "../../testing/keys.js";

/** Forty replicas are of tier 2: too much for a policy alone, enough for a person. */
const large = (replicas: number) => ({ request: { bounds: { max_replicas: replicas } } });
const claimsOf = (token: unknown) => value(decodeUnverified(String(token), "seb-cert+jwt")).claims;

let signer: Harness;
beforeAll(async () => {
  signer = await Harness.start();
});
afterAll(() => signer.end());

async function pending(options: Parameters<Harness["ask"]>[0]) {
  const asked = await signer.ask(options);
  expect(asked).toMatchObject({ status: 202, body: { code: "approval_pending" } });
  return (await signer.requestOf(asked.body.request_id)).body;
}

describe("a request that only lacks people", () => {
  it("is recorded once, and can be read by agents of the active bundle", async () => {
    const [key, body] = [newKey(), await signer.bodyOf(large(40))];
    const first = await signer.ask({ key, body });
    expect(first.body.request_id).toMatch(/^p_[a-z2-7]{26}$/);
    expect((await signer.ask({ key, body })).body.request_id).toBe(first.body.request_id);
    expect((await signer.ask(large(40))).body.request_id).toBe(first.body.request_id);
    expect((await signer.records("pending")).length).toBe(1);
    const read = await signer.requestOf(first.body.request_id, "otherAgent");
    expect(validate(PendingAnswer, read.body, "answer_invalid").ok).toBe(true);
    expect(read.body).toMatchObject({
      state: "pending",
      tier: 2,
      needed: 1,
      approvals: [],
      subject: "agent:oncall-v3",
    });
    const path = `/v1/requests/${String(first.body.request_id)}`;
    expect((await signer.send("GET", path, undefined)).body.code).toBe("proof_missing");
    expect((await signer.requestOf(base32Id("p_", new Uint8Array(17)))).body.code).toBe("request_unknown");
  });

  it("can be read by an approver, by nobody else of the people, and not with a revoked key", async () => {
    const request = await pending(large(23));
    const read = (by: string) => signer.requestOf(request.request, by);
    expect((await read("carol")).body).toEqual(request);
    expect(await read("frank")).toMatchObject({ status: 403, body: { code: "agent_unknown" } });
    expect((await signer.ask({ agent: "carol" })).body.code).toBe("agent_unknown");
    const { kid } = publicOf(keyOf(signer.world.keys, "carol"));
    await signer.change({ standing: [{ kind: "key", value: kid }] });
    expect((await read("carol")).body.code).toBe("revoked_key");
    await signer.change({ standing: [] });
    expect((await read("carol")).status).toBe(200);
  });

  it("keeps its idempotency key for its own proposal", async () => {
    const key = newKey();
    await signer.ask({ key, ...large(39) });
    expect((await signer.ask({ key, ...large(38) })).body.code).toBe("idempotency_conflict");
  });

  it("is granted under human-approved once a person approved it, and uses that approval up", async () => {
    const key = newKey();
    const request = await pending({ key, ...large(37) });
    expect(await signer.approve("carol", request)).toMatchObject({ status: 200, body: { approvals: 1, needed: 1 } });
    expect((await signer.requestOf(request.request)).body.approvals).toEqual(["carol"]);
    const granted = await signer.ask({ key, ...large(37) });
    expect(granted).toMatchObject({ status: 201, body: { policy: "human-approved" } });
    const approval = (await signer.records("approval")).at(-1);
    expect(claimsOf(granted.body.certificate)).toMatchObject({
      tier: 2,
      once: [{ id: approval?.jti, until: approval?.exp }],
      evidence: { facts: { approver: ["person:carol"] } },
    });
    expect((await signer.requestOf(request.request)).body.state).toBe("issued");
    const again = await signer.ask(large(37));
    expect(again).toMatchObject({ status: 202, body: { code: "approval_pending" } });
    expect(again.body.request_id).not.toBe(request.request);
    expect((await signer.approve("erin", request)).body).toMatchObject({
      code: "approval_invalid",
      facts: { cause: "issued" },
    });
  });

  it("is granted to one of two requests that claim its approval at the same time", async () => {
    const request = await pending(large(36));
    await signer.approve("carol", request);
    const answers = await Promise.all([signer.ask(large(36)), signer.ask(large(36)), signer.ask(large(36))]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 202, 202]);
  });

  it("does not count for another proposal, and is not consumed where no person was needed", async () => {
    const request = await pending(large(35));
    await signer.approve("carol", request);
    expect((await signer.ask(large(34))).status).toBe(202);
    expect((await signer.ask()).body).toMatchObject({ policy: "auto-low-risk-v2" });
    expect((await signer.ask(large(35))).body).toMatchObject({ policy: "human-approved" });
  });

  it("survives a restart, and so does the use of its approvals", async () => {
    const [one, two] = [await pending(large(33)), await pending(large(32))];
    await signer.approve("carol", one);
    await signer.approve("carol", two);
    expect((await signer.ask(large(33))).status).toBe(201);
    await signer.restart();
    expect((await signer.ask(large(33))).status).toBe(202);
    expect((await signer.ask(large(32))).status).toBe(201);
  });

  it("is not granted when things are worse than when people were asked", async () => {
    const at = (replicas: number) => ({ ...large(31), state: { values: { replicas } } });
    const request = await pending(at(20));
    await signer.approve("carol", request);
    const worse = await signer.ask(at(8));
    expect(worse).toMatchObject({ status: 202, body: { code: "approval_pending" } });
    expect(worse.body.request_id).not.toBe(request.request);
  });

  it("is granted when things are better than when people were asked", async () => {
    const at = (replicas: number) => ({ ...large(30), state: { values: { replicas } } });
    await signer.approve("carol", await pending(at(8)));
    expect((await signer.ask(at(20))).status).toBe(201);
  });

  it("is not recorded when more than people is missing", async () => {
    const answer = await signer.ask({ request: { bounds: { max_replicas: 40 }, evidence: [] } });
    expect(answer).toMatchObject({ status: 403, body: { code: "policy_denied" } });
    const back = { parameters: { image_digest: PREVIOUS }, bounds: { max_replicas: 12 }, evidence: [] };
    expect((await signer.ask({ request: back })).body).toMatchObject({ policy: "emergency-rollback" });
  });
});

describe("an approval", () => {
  it("must say exactly what was recorded", async () => {
    const request = await pending(large(29));
    const other = `sha256:${"0".repeat(64)}`;
    const cause = async (over: Parameters<Harness["approve"]>[2]) => {
      const { status, body } = await signer.approve("carol", request, over);
      expect({ status, code: body.code }).toEqual({ status: 403, code: "approval_invalid" });
      return body.facts;
    };
    expect(await cause({ proposal: other })).toEqual({ cause: "proposal" });
    expect(await cause({ contract: other })).toEqual({ cause: "contract" });
    expect(await cause({ bundle: other })).toEqual({ cause: "bundle" });
    expect(await cause({ tier: 1 })).toEqual({ cause: "tier" });
    expect(await cause({ request: base32Id("p_", new Uint8Array(17)) })).toEqual({ cause: "request" });
    expect(await cause({ aud: "env:prod" })).toEqual({ cause: "audience_wrong" });
    expect(await cause({ exp: Number(request.expires) + 1 })).toEqual({ cause: "expiry" });
    const now = Math.floor(signer.nowMs() / 1000);
    expect(await cause({ iat: now - 100, exp: now - 1 })).toEqual({ cause: "expired" });
    expect((await signer.requestOf(request.request)).body.approvals).toEqual([]);
  });

  it("counts once for each person", async () => {
    const request = await pending(large(28));
    await signer.approve("carol", request);
    expect((await signer.approve("carol", request)).body.code).toBe("approval_conflict");
    const [record] = (await signer.records("refusal")).slice(-1);
    expect(record).toMatchObject({ code: "approval_conflict", approver: "carol" });
  });

  it("is taken once of many sent at the same time", async () => {
    const request = await pending(large(27));
    const answers = await Promise.all(Array.from({ length: 6 }, () => signer.approve("carol", request)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403, 403, 403]);
  });

  it("is refused from a person who answers for the agent", async () => {
    const request = await pending(large(26));
    expect(await signer.approve("dave", request)).toMatchObject({ status: 403, body: { code: "approval_conflict" } });
  });

  it("is refused from the agent's own key, a certificate, and rubbish", async () => {
    const request = await pending(large(25));
    const path = `/v1/requests/${String(request.request)}/approvals`;
    const certificate = (await signer.ask()).body.certificate;
    for (const approval of [String(certificate), "not.a.token-at-all", await signer.observe()])
      expect((await signer.send("POST", path, { approval })).body.code).toBe("approval_invalid");
    expect(
      (await signer.send("POST", "/v1/requests/nothing/approvals", { approval: "x".repeat(20) })).body,
    ).toMatchObject({
      code: "request_invalid",
      pointer: "/id",
    });
  });

  it("stops counting when its key is revoked", async () => {
    const request = await pending(large(24));
    await signer.approve("carol", request);
    const { kid } = publicOf(keyOf(signer.world.keys, "carol"));
    await signer.change({ standing: [{ kind: "key", value: kid }] });
    expect((await signer.ask(large(24))).body).toMatchObject({ code: "approval_pending", request_id: request.request });
    expect((await signer.approve("carol", request)).body.code).toBe("approval_invalid");
    await signer.change({ standing: [] });
    expect((await signer.ask(large(24))).status).toBe(201);
  });
});

describe("two people", () => {
  it("must both approve where the tier asks for two", async () => {
    const control = { "policy/thresholds.yaml": thresholds({ approvals: "[1, 1, 2, 2]" }) };
    const strict = await Harness.start({ control });
    const asked = await strict.ask(large(40));
    const request = (await strict.requestOf(asked.body.request_id)).body;
    expect((await strict.approve("carol", request)).body).toMatchObject({ approvals: 1, needed: 2 });
    expect((await strict.ask(large(40))).status).toBe(202);
    expect((await strict.approve("erin", request)).body).toMatchObject({ approvals: 2, needed: 2 });
    const granted = await strict.ask(large(40));
    expect(claimsOf(granted.body.certificate)).toMatchObject({
      evidence: { facts: { approver: ["person:carol", "person:erin"] } },
    });
    await strict.end();
  });
});

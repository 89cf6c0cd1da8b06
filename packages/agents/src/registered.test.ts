import { describe, expect, it } from "@jest/globals";
import { codeOf, makeWorld, SUBJECT } from "../testing/world.js";
import { agentAllowed, agentByKey, isApproverKey } from "./index.js";

const { bundle, agent, approver } = makeWorld();
const EXPIRES = 2_051_222_400;

describe("agentByKey and agentAllowed", () => {
  it("finds the agent of a registered key until it expires", () => {
    const found = agentByKey(bundle, agent.jkt, EXPIRES - 1);
    expect(found).toMatchObject({ ok: true, value: { subject: SUBJECT } });
    expect(codeOf(agentByKey(bundle, agent.jkt, EXPIRES))).toBe("agent_expired");
    expect(codeOf(agentByKey(bundle, agent.jkt, Number.NaN))).toBe("agent_expired");
    expect(codeOf(agentByKey(bundle, agent.jkt.toLowerCase(), 0))).toBe("agent_unknown");
    expect(codeOf(agentByKey(bundle, "", 0))).toBe("agent_unknown");
    if (!found.ok) throw new Error(found.error.detail);
    expect(codeOf(agentAllowed(found.value, "deploy"))).toBe("ok");
    expect(codeOf(agentAllowed(found.value, "tune"))).toBe("agent_not_allowed");
  });
});

describe("isApproverKey", () => {
  it("holds for keys of people in the approvers' group alone", () => {
    expect(isApproverKey(bundle, approver.jkt)).toBe(true);
    expect(isApproverKey(bundle, agent.jkt)).toBe(false);
    const thresholds = { ...bundle.thresholds, approver_group: "others" };
    expect(isApproverKey({ ...bundle, thresholds }, approver.jkt)).toBe(false);
  });
});

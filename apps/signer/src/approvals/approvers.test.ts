import { describe, expect, it } from "@jest/globals";
import { openBundle } from "@seb/catalogue";
import { publicOf } from "@seb/seal";
import { controlFiles, pack } from "../../testing/control.js";
import { value } from "../../testing/harness.js";
import { keyOf, makeKeys } from "../../testing/keys.js";
import { acceptable } from "./approvers.js";

describe("approvers", () => {
  it("are the group's people, without revoked keys; who owns or answers for the agent is in conflict", async () => {
    const keys = await makeKeys();
    const files = controlFiles(keys);
    const owned = {
      ...files,
      "agents/oncall-v3.yaml": (files["agents/oncall-v3.yaml"] ?? "").replace("owner: team-sre", "owner: erin"),
      "people/carol.yaml": (files["people/carol.yaml"] ?? "").replace("groups: [approvers]", "groups: [readers]"),
    };
    const { digest, text } = pack(owned);
    const bundle = value(openBundle(text, digest));
    const of = (revoked: readonly string[]) =>
      [...acceptable(bundle, "agent:oncall-v3", new Set(revoked)).values()].map(({ name, conflict }) => [
        name,
        conflict,
      ]);
    expect(of([])).toEqual([
      ["dave", true],
      ["erin", true],
    ]);
    expect(of([publicOf(keyOf(keys, "erin")).kid])).toEqual([["dave", true]]);
    expect([...acceptable(bundle, "agent:night-bot", new Set()).values()].map(({ conflict }) => conflict)).toEqual([
      false,
      false,
    ]);
  });
});

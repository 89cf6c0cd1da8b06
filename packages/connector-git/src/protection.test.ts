import { expect, it } from "@jest/globals";
import { protectionContract } from "@seb/connector/contract";
import { TEMPLATE } from "../test/change.js";
import { DEPLOYMENT, GitRig, MANIFEST } from "../test/rig.js";
import { createGitProtection } from "./protection.js";

protectionContract("git", async () => {
  const rig = await GitRig.start({ [DEPLOYMENT]: MANIFEST });
  const made = createGitProtection({ name: "gitops", entry: { connector: "git", url: rig.url } });
  if (!made.ok) throw new Error(made.error.detail);
  const never = () => Promise.reject(new Error("git has no such part"));
  return {
    protection: made.value,
    plans: [{ action: "deploy", resource: "service:checkout/region:us-east-1", operation: TEMPLATE, live: {} }],
    apply: never,
    tamper: never,
    leave: never,
    left: never,
    stop: () => rig.stop(),
  };
});

it("is not made for an entry that the connector does not understand", () => {
  expect(createGitProtection({ name: "gitops", entry: { connector: "git", url: "ops" } })).toMatchObject({
    error: { code: "setting_invalid" },
  });
});

import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { reachedFrom } from "./prune.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

describe("what an image holds", () => {
  it("is the code that its service reaches", () => {
    const signer = reachedFrom(root, "apps/signer");
    expect(signer).toContain("packages/signing-core");
    // The connectors' languages are pure; no adapter comes along.
    expect([...signer].filter((folder) => folder.includes("connector")).sort()).toEqual([
      "packages/connector-git-language",
      "packages/connector-kubernetes-language",
      "packages/connector-language",
    ]);
    const broker = reachedFrom(root, "apps/broker");
    expect(broker).toContain("packages/connector-git");
    expect(broker).not.toContain("packages/signing-core");
    const revocation = reachedFrom(root, "apps/revocation");
    for (const folder of ["packages/signing-core", "packages/policy", "packages/connector"])
      expect(revocation).not.toContain(folder);
    for (const reached of [signer, broker, revocation])
      expect([...reached].filter((folder) => folder.startsWith("apps/"))).toHaveLength(1);
  });
});

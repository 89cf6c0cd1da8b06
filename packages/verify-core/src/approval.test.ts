import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { type ApproverKeys, verifyApproval } from "./index.js";

interface Approver {
  readonly kid: string;
  readonly name: string;
  readonly jwk: { readonly kty: string; readonly crv: string; readonly x: string };
}
function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../schema/vectors/${name}`, import.meta.url), "utf8"));
}
const { now, approvers, keys } = load<{ now: number; approvers: Approver[]; keys: (Approver & { id: string })[] }>(
  "keys.json",
);
const tokens = load<{ valid: { name: string; token: string }[] }>("tokens.json");
const token = tokens.valid.find(({ name }) => name === "approval")?.token ?? "";
const carol = approvers[0];
const another = keys.find(({ id }) => id === "agent");
const p256 = keys.find(({ id }) => id === "agent-es256");

async function outcome(map: ApproverKeys): Promise<unknown> {
  const result = await verifyApproval(token, map, { audience: "env:vectors", nowSeconds: now });
  return result.ok ? result.value.name : [result.error.code, result.error.facts?.cause];
}

describe("verifyApproval", () => {
  if (carol === undefined || another === undefined || p256 === undefined) throw new Error("the vectors lack a key");

  it("answers who approved", async () => {
    expect(await outcome(new Map([[carol.kid, carol]]))).toBe("carol");
  });

  it("refuses a directory that lists a key under another's thumbprint, or a weak one", async () => {
    const under = (jwk: unknown) => new Map([[carol.kid, { name: "carol", jwk }]]);
    const weak = { ...carol.jwk, x: Buffer.alloc(32).toString("base64url") };
    expect(await outcome(under(another.jwk))).toEqual(["approval_invalid", "token_key_unknown"]);
    expect(await outcome(under(p256.jwk))).toEqual(["approval_invalid", "token_key_unknown"]);
    expect(await outcome(under(weak))).toEqual(["approval_invalid", "proof_key_weak"]);
    expect(await outcome(under(undefined))).toEqual(["approval_invalid", "proof_key_weak"]);
    expect(await outcome(new Map())).toEqual(["approval_invalid", "token_key_unknown"]);
  });
});

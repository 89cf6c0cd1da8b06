import { createPublicKey, verify } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { chmod, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { attest } from "./attest.js";
import { need } from "./failure.js";
import { layoutOf } from "./layout.js";
import { makeKeys, readBuilderKey, readDevKey } from "./setup/keys.js";

const layout = layoutOf(mkdtempSync(join(tmpdir(), "seb-attest-")));
const imageDigest = `sha256:${"ab".repeat(32)}`;

describe("keys and attestations of a dev folder", () => {
  it("makes every key for its owner only, once", async () => {
    await makeKeys(layout);
    const first = await readDevKey(layout, "agent");
    await makeKeys(layout);
    expect(await readDevKey(layout, "agent")).toEqual(first);
    expect((await stat(layout.key("signer-certificate"))).mode & 0o777).toBe(0o600);
  });

  it("signs a test result that the builder's public key verifies", async () => {
    const builder = need(await readBuilderKey(layout.key("builder")), "builder");
    const text = attest({ name: "registry.example/checkout", imageDigest, result: "PASSED", finishedOnMs: 0 }, builder);
    const { payloadType, payload, signatures } = JSON.parse(text);
    const bytes = Buffer.from(payload, "base64");
    const signed = Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${bytes.length} `), bytes]);
    const { d: _d, ...jwk } = builder.privateJwk;
    const key = createPublicKey({ key: jwk, format: "jwk" });
    expect(verify(null, signed, key, Buffer.from(signatures[0].sig, "base64"))).toBe(true);
    expect(signatures[0].keyid).toBe(builder.keyid);
    expect(JSON.parse(bytes.toString("utf8")).subject).toEqual([
      { name: "registry.example/checkout", digest: { sha256: "ab".repeat(32) } },
    ]);
  });

  it("refuses a builder's key of another role, or one that others can read", async () => {
    expect(await readBuilderKey(layout.key("agent"))).toMatchObject({ error: { code: "setting_invalid" } });
    await chmod(layout.key("builder"), 0o644);
    expect(await readBuilderKey(layout.key("builder"))).toMatchObject({ error: { code: "setting_invalid" } });
    await chmod(layout.key("builder"), 0o600);
  });
});

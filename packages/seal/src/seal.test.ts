import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { jwkThumbprint } from "@seb/canonical";
import type { OrderClaims, RecordClaims, TrustPayload } from "@seb/schema";
import {
  compactVerify,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generalVerify,
  generateKeyPair,
  importJWK,
} from "jose";
import {
  createProver,
  createSealer,
  generateKeyFile,
  KEY_ROLES,
  type KeyFile,
  publicOf,
  readKeyFile,
  type Sealer,
  type SealRole,
  signTrust,
} from "./index.js";

const digest = `sha256:${"0".repeat(64)}`;
const record: RecordClaims = {
  ver: 1,
  writer: "broker-1",
  boot: 1,
  seq: 0,
  prev: digest,
  at_ms: 1_767_225_600_000,
  kind: "decision",
  body: { allowed: true },
};
const order: OrderClaims = {
  ver: 1,
  jti: `o_${"a".repeat(26)}`,
  aud: "env:test",
  sub: "alice",
  iat: 1_767_225_600,
  exp: 1_767_225_900,
  order: { do: "activate", bundle: digest, wire: 1 },
  reason: "release",
};

async function sealerOf<R extends SealRole>(role: R, name: string): Promise<Sealer<R>> {
  const made = await createSealer(role, await generateKeyFile(role, name));
  if (!made.ok) throw new Error(made.error.code);
  return made.value;
}
async function verified(token: string, jwk: KeyFile["jwk"] | ReturnType<typeof publicOf>["jwk"]) {
  const key = await importJWK({ ...jwk }, jwk.kty === "OKP" ? "Ed25519" : "ES256");
  return compactVerify(token, key);
}

describe("createSealer", () => {
  it("signs its own typ in one spelling", async () => {
    const sealer = await sealerOf("record", "broker-1");
    const token = await sealer.seal(record);
    expect(decodeProtectedHeader(token)).toEqual({ alg: "Ed25519", typ: "seb-record+jws", kid: sealer.kid });
    expect(decodeJwt(token)).toEqual({ ...record });
    await verified(token, sealer.publicJwk);
    expect(await sealer.seal({ ...record })).toBe(token);
    expect(sealer.kid).toBe(jwkThumbprint(sealer.publicJwk));
  });

  it("throws for claims of another kind, another owner or beyond its size: a bug, never a token", async () => {
    const sealer = await sealerOf("record", "broker-1");
    const wrong: readonly unknown[] = [
      order,
      { ...record, writer: "broker-2" },
      { ...record, seq: -1 },
      { ...record, extra: 1 },
      { ...record, body: { note: undefined } },
      { ...record, body: { note: "x".repeat(262_144) } },
      undefined,
    ];
    for (const claims of wrong) await expect(sealer.seal(claims as RecordClaims)).rejects.toThrow(TypeError);
    await expect((await sealerOf("order", "bob")).seal(order)).rejects.toThrow(TypeError);
    expect(typeof (await (await sealerOf("order", "alice")).seal(order))).toBe("string");
  });

  it("refuses a key file of any other role, and never signs certificates or trust files", async () => {
    for (const role of KEY_ROLES.filter((other) => other !== "status")) {
      const made = await createSealer("status", await generateKeyFile(role, "x"));
      expect(made.ok ? "ok" : made.error.code).toBe("setting_invalid");
    }
    for (const role of ["certificate", "owner", "agent", "__proto__", "toString"]) {
      const file = await generateKeyFile("certificate", "signer:test");
      await expect(createSealer(role as SealRole, file)).rejects.toThrow(TypeError);
    }
  });
});

describe("key files", () => {
  it("of each role are made, read and never shown in failures", async () => {
    for (const role of KEY_ROLES) {
      const file = await generateKeyFile(role, "some-name");
      expect(readKeyFile(JSON.parse(JSON.stringify(file)))).toEqual({ ok: true, value: file });
      expect(Object.keys(publicOf(file).jwk).sort()).toEqual(["crv", "kty", "x"]);
      const failure = readKeyFile({ ...file, extra: 1 });
      expect(failure.ok ? "ok" : failure.error.code).toBe("setting_invalid");
      expect(JSON.stringify(failure)).not.toContain(file.jwk.d);
    }
    await expect(generateKeyFile("order", "No Name")).rejects.toThrow(TypeError);
  });

  it("whose halves do not belong together are refused", async () => {
    const one = await generateKeyFile("order", "alice");
    const two = await generateKeyFile("order", "alice");
    const made = await createSealer("order", { ...one, jwk: { ...one.jwk, d: two.jwk.d } });
    expect(made.ok ? "ok" : made.error.code).toBe("setting_invalid");
  });

  it("may hold P-256 keys", async () => {
    const { privateKey } = await generateKeyPair("ES256", { extractable: true });
    const { kty, crv, x, y, d } = await exportJWK(privateKey);
    const made = await createSealer("order", { role: "order", name: "alice", jwk: { kty, crv, x, y, d } });
    if (!made.ok) throw new Error(made.error.code);
    const token = await made.value.seal(order);
    expect(decodeProtectedHeader(token).alg).toBe("ES256");
    await verified(token, made.value.publicJwk);
  });
});

describe("createProver", () => {
  const request = {
    method: "POST",
    url: "https://broker.test/v1/executions",
    nowSeconds: 1_767_225_600.7,
    jti: "j".repeat(22),
  };

  it("makes a proof of RFC 9449 with op and ath where they are wanted", async () => {
    const file = await generateKeyFile("agent", "oncall-v3");
    const prover = await createProver(file);
    if (!prover.ok) throw new Error(prover.error.code);
    const token = await prover.value.prove({ ...request, op: digest, accessToken: "aaaa.bbbb.cccc" });
    expect(decodeProtectedHeader(token)).toEqual({ alg: "EdDSA", typ: "dpop+jwt", jwk: publicOf(file).jwk });
    expect(decodeJwt(token)).toEqual({
      jti: request.jti,
      htm: "POST",
      htu: request.url,
      iat: 1_767_225_600,
      op: digest,
      ath: createHash("sha256").update("aaaa.bbbb.cccc").digest("base64url"),
    });
    expect(decodeJwt(await prover.value.prove(request))).toEqual({
      jti: request.jti,
      htm: "POST",
      htu: request.url,
      iat: 1_767_225_600,
    });
    expect(prover.value.jkt).toBe(publicOf(file).kid);
    await expect(prover.value.prove({ ...request, jti: "short" })).rejects.toThrow(TypeError);
  });

  it("refuses a key file that is not an agent's", async () => {
    const made = await createProver(await generateKeyFile("certificate", "signer:test"));
    expect(made.ok ? "ok" : made.error.code).toBe("setting_invalid");
  });
});

describe("signTrust", () => {
  async function fixture() {
    const owners = [await generateKeyFile("owner", "owner-1"), await generateKeyFile("owner", "owner-2")];
    const key = publicOf(await generateKeyFile("status", "revocation:test"));
    const payload: TrustPayload = {
      ver: 1,
      version: 1,
      iat: 1_767_225_600,
      exp: 1_798_761_600,
      owners: owners.map((owner) => publicOf(owner).jwk),
      keys: [
        { kid: key.kid, role: "status", name: "revocation:test", jwk: key.jwk, aud: "env:test", nbf: 0, exp: 2e9 },
      ],
    };
    return { owners, payload };
  }

  it("gives a general JWS that each owner's key verifies, at once or one after the other", async () => {
    const { owners, payload } = await fixture();
    const [first, second] = owners;
    if (first === undefined || second === undefined) throw new Error("two owners");
    const together = await signTrust(payload, owners);
    const inTurn = await signTrust(payload, [second], await signTrust(payload, [first]));
    expect(inTurn).toBe(together);
    expect(await signTrust(payload, [second], inTurn)).toBe(inTurn);
    for (const owner of owners) {
      const jws = JSON.parse(together);
      const { payload: signed } = await generalVerify(jws, await importJWK({ ...publicOf(owner).jwk }, "Ed25519"));
      expect(JSON.parse(new TextDecoder().decode(signed))).toEqual(payload);
    }
  });

  it("throws for a stranger, a wrong payload, another earlier payload and a key of another role", async () => {
    const { owners, payload } = await fixture();
    const stranger = await generateKeyFile("owner", "owner-3");
    const impostor = { ...(await generateKeyFile("order", "alice")) };
    const earlier = await signTrust({ ...payload, version: 2 }, owners);
    await expect(signTrust(payload, [stranger])).rejects.toThrow(TypeError);
    await expect(signTrust({ ...payload, keys: [] }, owners)).rejects.toThrow(TypeError);
    await expect(signTrust(payload, owners, earlier)).rejects.toThrow(TypeError);
    await expect(signTrust(payload, owners, "trust me")).rejects.toThrow(TypeError);
    const withImpostor = { ...payload, owners: [...payload.owners, publicOf(impostor).jwk] };
    await expect(signTrust(withImpostor, [impostor])).rejects.toThrow(TypeError);
  });
});

import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { codeOf, makeWorld, NOW, newKey, prove, reading, URL_OF_SERVICE, type World } from "../testing/world.js";

let world: World;
beforeEach(() => {
  world = makeWorld();
});

const CERTIFICATE = "aaaa.bbbb.cccc";
const ATH = createHash("sha256").update(CERTIFICATE).digest("base64url");
const OP = `sha256:${"1".repeat(64)}`;

describe("a proof of possession", () => {
  it("names the key that made it, and is spent once", async () => {
    const proven = await world.possession.prove(reading(world.agent));
    if (!proven.ok) throw new Error(proven.error.detail);
    expect(proven.value.jkt).toBe(world.agent.jkt);
    expect(codeOf(proven.value.spend())).toBe("ok");
    expect(codeOf(proven.value.spend())).toBe("proof_replayed");
  });

  it("is needed", async () => {
    const request = { proof: undefined, method: "GET", path: "/v1/things" };
    expect(codeOf(await world.possession.prove(request))).toBe("proof_missing");
    expect(codeOf(await world.possession.check({ ...request, certificate: CERTIFICATE }, world.agent.jkt))).toBe(
      "proof_missing",
    );
  });

  it("for HEAD is a proof for HEAD, and one for GET is none", async () => {
    const asked = { method: "HEAD", path: "/v1/things" };
    const proof = (htm: string) => prove(world.agent, { htm });
    expect(codeOf(await world.possession.prove({ ...asked, proof: proof("HEAD") }))).toBe("ok");
    expect(codeOf(await world.possession.prove({ ...asked, proof: proof("GET") }))).toBe("proof_method_mismatch");
    expect(codeOf(await world.possession.prove({ ...asked, method: "GET", proof: proof("HEAD") }))).toBe(
      "proof_method_mismatch",
    );
  });

  it("holds for exactly the request it was made for, and for no other", async () => {
    const of = <T>(...values: T[]) => fc.constantFrom(...values);
    const request = fc.record({
      method: of("GET", "HEAD", "POST"),
      path: of("/v1/things", "/v1/things/1", "/v1/other", "/"),
      op: of(undefined, OP, `sha256:${"2".repeat(64)}`),
      certificate: of(undefined, CERTIFICATE, `${CERTIFICATE}d`),
      iat: of(NOW, NOW - 60, NOW - 61, NOW + 2, NOW + 3),
    });
    await fc.assert(
      fc.asyncProperty(request, request, async (made, asked) => {
        const { method, path, op, certificate, iat } = made;
        const ath =
          certificate === undefined ? undefined : createHash("sha256").update(certificate).digest("base64url");
        const proof = prove(world.agent, { htm: method, htu: URL_OF_SERVICE + path, op, ath, iat });
        const shown = { proof, method: asked.method, path: asked.path, ...(asked.op ? { op: asked.op } : {}) };
        const answer =
          asked.certificate === undefined
            ? await world.possession.prove(shown)
            : await world.possession.check({ ...shown, certificate: asked.certificate }, world.agent.jkt);
        const same = (["method", "path", "op", "certificate"] as const).every((name) => made[name] === asked[name]);
        const fresh = iat >= NOW - 60 && iat <= NOW + 2;
        expect(codeOf(answer) === "ok").toBe(same && fresh);
      }),
      { numRuns: 300 },
    );
  });

  it("of another key than the certificate's does not count, and is not spent by that", async () => {
    const stranger = newKey();
    const request = {
      proof: prove(stranger, { htm: "POST", op: OP, ath: ATH }),
      method: "POST",
      path: "/v1/things",
      op: OP,
      certificate: CERTIFICATE,
    };
    expect(codeOf(await world.possession.check(request, world.agent.jkt))).toBe("proof_key_mismatch");
    expect(codeOf(await world.possession.check(request, stranger.jkt))).toBe("ok");
    expect(codeOf(await world.possession.check(request, stranger.jkt))).toBe("proof_replayed");
  });
});

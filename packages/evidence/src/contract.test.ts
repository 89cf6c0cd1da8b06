import { generateKeyPairSync, sign } from "node:crypto";
import { exampleInput, IMAGE, NOW_SECONDS, PREVIOUS, REPOSITORY } from "../testing/input.js";
import { attestation } from "./attestation.js";
import { evidenceContract } from "./contract.js";
import { liveState } from "./live-state.js";
import type { EvidenceInput } from "./provider.js";
import { deployWindow } from "./window.js";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const builderX = publicKey.export({ format: "jwk" }).x ?? "";

/** An envelope as a build system makes it, written out by hand: nothing here comes from the code under test. */
function envelope(): string {
  const payload = Buffer.from(
    JSON.stringify({
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ name: REPOSITORY, digest: { sha256: IMAGE.slice("sha256:".length) } }],
      predicateType: "https://in-toto.io/attestation/test-result/v0.1",
      predicate: { result: "PASSED", finishedOn: new Date((NOW_SECONDS - 60) * 1000).toISOString(), configuration: [] },
    }),
  );
  const type = "application/vnd.in-toto+json";
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
  const sig = sign(null, signed, privateKey).toString("base64");
  const text = { payloadType: type, payload: payload.toString("base64"), signatures: [{ keyid: "ci-1", sig }] };
  return Buffer.from(JSON.stringify(text)).toString("base64url");
}

const rooted = (): EvidenceInput =>
  exampleInput({
    "roots/ci.yaml": () =>
      [
        "ver: 1",
        "name: ci",
        "keyid: ci-1",
        `jwk: { kty: OKP, crv: Ed25519, x: ${JSON.stringify(builderX)} }`,
        'predicate_types: ["https://in-toto.io/attestation/test-result/v0.1"]',
        "expires: 2051222400",
        "",
      ].join("\n"),
  });
const stop = async () => undefined;

evidenceContract("attestation", async () => ({
  provider: attestation,
  good: { ...rooted(), items: [{ type: "attestation", envelope: envelope() }] },
  nothing: rooted(),
  stop,
}));

evidenceContract("live state", async () => {
  const good = exampleInput();
  return {
    provider: liveState,
    good: { ...good, scope: { image_digest: PREVIOUS }, parameters: { image_digest: PREVIOUS } },
    nothing: { ...good, nowMs: (NOW_SECONDS + 3600) * 1000 },
    stop,
  };
});

evidenceContract("deploy window", async () => {
  const frozen = exampleInput({
    "policy/windows.yaml": () =>
      'ver: 1\nwindows: []\nfreezes: [{ name: holidays, services: ["*"], from: 0, to: 4102444800, reason: holidays }]\n',
  });
  return { provider: deployWindow, good: exampleInput(), nothing: frozen, stop };
});

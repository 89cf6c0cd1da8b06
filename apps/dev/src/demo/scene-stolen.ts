import { execute, inspected, refusedWithoutCommit, requestCertificate } from "./agent.js";
import type { Scene } from "./stage.js";

/** The certificate with one character of its signature exchanged, in its only spelling. */
function withOneByteChanged(certificate: string): string {
  const at = certificate.length - 40;
  const other = certificate.charAt(at) === "A" ? "B" : "A";
  return `${certificate.slice(0, at)}${other}${certificate.slice(at + 1)}`;
}

/** A certificate in the wrong hands, forged, revoked. */
export function stolenScenes(): readonly Scene[] {
  let certificate = "";
  return [
    {
      title: "The certificate stolen, without the agent's key",
      about: "Somebody has the certificate and proves possession of a key of their own.",
      async play(stage) {
        certificate = await requestCertificate(stage);
        await stage.run("agent-cli", ["keygen", "--out", "thief.json"], { lines: 1 });
        await refusedWithoutCommit(stage, () =>
          execute(stage, certificate, 12, { exit: 1, code: "proof_key_mismatch" }, ["--key", "thief.json"]),
        );
        stage.so("refused: a certificate is bound to one key and useless without it");
      },
    },
    {
      title: "One byte changed",
      about: "The same certificate, one character of it exchanged.",
      async play(stage) {
        const forged = withOneByteChanged(certificate);
        await refusedWithoutCommit(stage, () =>
          execute(stage, forged, 12, { exit: 1, code: "token_signature_invalid" }),
        );
        stage.so("refused: the signature does not hold");
      },
    },
    {
      title: "Revoked",
      about: "Security operations take the certificate back, by one operator's signed order.",
      async play(stage) {
        const certId = await inspected(stage, certificate, "cert_id");
        await stage.run("seb", ["revoke", "certificate", certId, "--reason", "seen in a public log"]);
        await refusedWithoutCommit(stage, () =>
          execute(stage, certificate, 12, { exit: 1, code: "revoked_certificate" }),
        );
        await stage.run("seb", ["revocations"]);
        stage.so("refused from the moment that the order was acknowledged");
      },
    },
  ];
}

import { execute, refusedWithoutCommit, requestCertificate } from "./agent.js";
import { pushChange } from "./other-commits.js";
import type { Scene } from "./stage.js";

const DEPLOYMENT = "apps/checkout/us-east-1/deployment.yaml";

/** What a certificate covers, and the state it was given for. */
export function scopeScenes(): readonly Scene[] {
  let certificate = "";
  return [
    {
      title: "40 replicas where 12 were certified",
      about: "What is executed must lie within what was certified.",
      async play(stage) {
        certificate = await requestCertificate(stage);
        await refusedWithoutCommit(stage, () => execute(stage, certificate, 40, { exit: 1, code: "scope_exceeded" }));
        stage.so("refused; the certificate is not spent by that");
      },
    },
    {
      title: "An unrelated commit in between",
      about: "Somebody changes another file after the certificate was issued.",
      async play(stage) {
        await pushChange(stage, "README.md", (text) => `${text}\nA note.\n`, "Write a note");
        const { stdout } = await execute(stage, certificate, 10);
        stage.expect(/state\s+executed/.test(stdout), "it was executed");
        stage.so("goes through, on top of the new commit: the certified file is still what was observed");
      },
    },
    {
      title: "The same file changed in between",
      about: "Somebody changes the very deployment that the certificate is about.",
      async play(stage) {
        certificate = await requestCertificate(stage);
        await pushChange(stage, DEPLOYMENT, (text) => text.replace("replicas: 10", "replicas: 11"), "Scale by hand");
        await refusedWithoutCommit(stage, () => execute(stage, certificate, 12, { exit: 1, code: "state_drifted" }));
        stage.so("refused: nothing is ever written over a state that the signer did not see");
      },
    },
  ];
}

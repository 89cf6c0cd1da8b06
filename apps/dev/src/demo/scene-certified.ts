import { imageDigest } from "../setup/gitops.js";
import { CHANGE, commits, execute, inspected, RESOURCE, refusedWithoutCommit, requestCertificate } from "./agent.js";
import type { Scene, Stage } from "./stage.js";

const PLAIN_NAMES = /^(cert_id|subject|not_before|not_after|action|resource|scope|approver|tier|mode)\b/;

async function withoutCertificate(stage: Stage): Promise<void> {
  const url = `${stage.services.brokerUrl}/v1/executions`;
  stage.say(`  POST ${url} without a certificate (no command line sends such a thing)`);
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      action: "deploy",
      resource: RESOURCE,
      parameters: { image_digest: imageDigest("checkout", 3), replicas: 12 },
    }),
  });
  const text = await answer.text();
  stage.show(`${answer.status} ${text}\nLink: ${answer.headers.get("link") ?? ""}`);
  stage.expect(answer.status === 401 && text.includes('"token_missing"'), "the broker answers 401 token_missing");
  stage.so("refused with 401; the answer's link says where certificates are to be had");
}

/** The honest way, and the same twice. `kept` is the certificate that is executed. */
export function certifiedScenes(): readonly Scene[] {
  let certificate = "";
  let commit = "";
  return [
    {
      title: "A write without a certificate",
      about: "The broker acts on certificates alone.",
      play: async (stage) => refusedWithoutCommit(stage, () => withoutCertificate(stage)),
    },
    {
      title: "Observe, propose, get a certificate",
      about: "The agent sees the live state through the broker and asks the signer for exactly one change.",
      async play(stage) {
        await stage.run("agent-cli", ["plan", ...CHANGE]);
        certificate = await requestCertificate(stage);
        await stage.run("agent-cli", ["inspect", "--cert", certificate], { only: PLAIN_NAMES });
        const approver = await inspected(stage, certificate, "approver");
        stage.expect(approver === "policy:auto-low-risk-v2", "auto-low-risk-v2 permitted it");
        stage.so("small, tested, attested and inside the window: auto-low-risk-v2 permits it for 90 seconds");
      },
    },
    {
      title: "Execute it",
      about: "The broker makes the certified change, and it really happens.",
      async play(stage) {
        const before = await commits(stage);
        const { stdout } = await execute(stage, certificate, 12);
        commit = /\bcommit\s+([0-9a-f]{40})/.exec(stdout)?.[1] ?? "";
        stage.expect((await commits(stage)) === before + 1, "exactly one commit was made");
        await stage.run("git", ["--git-dir", stage.path("gitops.git"), "show", commit], { lines: 32 });
        stage.so("one commit; it names the certificate and the agent");
      },
    },
    {
      title: "The same again",
      about: "A certificate works once; presenting it again with the same operation gives the recorded answer.",
      async play(stage) {
        const before = await commits(stage);
        const { stdout } = await execute(stage, certificate, 12);
        stage.expect(stdout.includes("replayed") && stdout.includes(commit), "the answer is the recorded one");
        stage.expect((await commits(stage)) === before, "no second commit was made");
        stage.so("a replayed answer, and no second commit");
      },
    },
  ];
}

import { readFile, writeFile } from "node:fs/promises";
import { imageDigest } from "../setup/gitops.js";
import { CHANGE, execute, inspected, requestCertificate } from "./agent.js";
import type { Scene, Stage } from "./stage.js";

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
const UNATTESTED = imageDigest("checkout", 4);
const ACTIVATE = ["policy", "activate", "--reason", "working hours only"] as const;

/** A window that is not open today nor tomorrow, in any zone. */
function closedWindow(nowMs: number): string {
  const day = DAYS[(new Date(nowMs).getUTCDay() + 3) % DAYS.length];
  return `ver: 1
windows:
  - { name: working-hours, services: ["*"], zone: UTC, days: [${day}], from: "09:00", to: "16:00" }
freezes: []
`;
}

async function activeBundle(stage: Stage): Promise<string> {
  const { stdout } = await stage.run("seb", ["policy", "list"]);
  const digest = /sha256:([0-9a-f]{64}) {2}active/.exec(stdout)?.[1];
  stage.expect(digest !== undefined, "a bundle is active");
  return digest ?? "";
}

async function closeTheWindow(stage: Stage): Promise<void> {
  await writeFile(stage.path("control", "policy", "windows.yaml"), closedWindow(Date.now()));
  stage.say("  control/policy/windows.yaml now has one window, and it is closed");
  const operator = (name: string) => ["--operator", stage.path("keys", `operator-${name}.json`)];
  await stage.run("seb", [...ACTIVATE, ...operator("alice")], { exit: 4, code: "order_pending", lines: 2 });
  await stage.run("seb", [...ACTIVATE, ...operator("bob")]);
}

async function onlyTheEmergencyPolicy(stage: Stage): Promise<void> {
  await stage.run("agent-cli", ["request-cert", ...CHANGE], { exit: 4, code: "approval_pending" });
  stage.so("no certificate: no policy permits it any more, unless people approve it");
  const back = ["--image-digest", imageDigest("checkout", 2)];
  const certificate = await requestCertificate(stage, back);
  const approver = await inspected(stage, certificate, "approver");
  stage.expect(approver === "policy:emergency-rollback", "emergency-rollback permitted it");
  await execute(stage, certificate, 11, {}, back);
}

/** What the signer believes, and when. */
export function evidenceScenes(): readonly Scene[] {
  return [
    {
      title: "An image that was attested for another digest",
      about: "The agent proposes build 4 and shows the test result of build 3.",
      async play(stage) {
        const asked = ["request-cert", ...CHANGE, "--image-digest", UNATTESTED];
        await stage.run("agent-cli", asked, { exit: 1, code: "policy_denied" });
        stage.so("no certificate: evidence is verified, not asserted, and this one is about something else");
      },
    },
    {
      title: "Outside the deploy window",
      about:
        "Two operators activate a control folder whose window is closed; going back to the previous image is still possible.",
      async play(stage) {
        const windows = await readFile(stage.path("control", "policy", "windows.yaml"), "utf8");
        const before = await activeBundle(stage);
        await closeTheWindow(stage);
        await onlyTheEmergencyPolicy(stage);
        stage.so("only going back to the image that ran before is permitted, by emergency-rollback");
        const reason = ["--reason", "the drill is over"];
        await stage.run("seb", ["policy", "rollback", before.slice(0, 12), ...reason]);
        await writeFile(stage.path("control", "policy", "windows.yaml"), windows);
        stage.so("two operators went back to the earlier bundle: the window is open again");
      },
    },
  ];
}

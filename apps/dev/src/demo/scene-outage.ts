import { CHANGE, requestCertificate } from "./agent.js";
import type { Scene } from "./stage.js";

/** The signer stands still; what does not need it goes on. */
export function outageScenes(): readonly Scene[] {
  return [
    {
      title: "The signer stopped",
      about: "No new authority can be had; reads and verification do not need the signer.",
      async play(stage) {
        const certificate = await requestCertificate(stage);
        await stage.run("seb", ["dev", "stop", "signer"]);
        await stage.run("agent-cli", ["request-cert", ...CHANGE], { exit: 3, code: "unreachable" });
        const { stdout } = await stage.run("broker-cli", ["verify", "--cert", certificate, "--shadow"], { lines: 3 });
        stage.expect(stdout.includes("would_execute"), "the broker still verifies");
        await stage.run("broker-cli", ["executions"], { lines: 6 });
        stage.so("no new certificate (exit 3: could not ask); the broker verifies and lists as before");
        await stage.run("seb", ["dev", "start", "signer"]);
        await requestCertificate(stage);
        stage.so("started again: certificates are issued at once");
      },
    },
  ];
}

import { relative } from "node:path";
import type { Plan } from "./plan.js";

/** What is left to people, in order; printed and written as `NEXT-STEPS.md`. */
export function nextSteps(plan: Plan, cwd: string): string {
  const out = relative(cwd, plan.folder) || ".";
  const made = plan.owners.length === 0;
  const owners = made ? [`${out}/owners/owner-1.json`, `${out}/owners/owner-2.json`] : plan.owners;
  const secure = plan.redis.startsWith("rediss:") || plan.nats.startsWith("tls:");
  const sign = owners.map(
    (owner) => `    seb trust sign ${out}/trust/trust.json --pins ${out}/trust/trust-pins.json --owner ${owner}`,
  );
  const starts = plan.instances.map(
    ({ service, folder }) => `    node apps/${service}/dist/main.js --config ${out}/${folder}/${service}.yaml`,
  );
  const streams = `    node infra/nats/streams.mjs --server ${plan.nats} --user admin --password-file ${out}/servers/nats/admin.password`;
  const steps = [
    `Owners sign the trust file, one after the other, ${plan.threshold} of ${owners.length}:\n\n${sign.join("\n")}`,
    ...(made ? [`Take \`${out}/owners\` off this machine: nobody needs it until the next change of keys.`] : []),
    secure
      ? `Start Redis and NATS with \`${out}/servers\` (see \`infra/compose\`), the PEM of their authority in \`${out}/servers/ca.pem\`, and make the streams:\n\n${streams} --ca ${out}/servers/ca.pem`
      : `Start Redis and NATS, and make the streams:

    redis-server ${out}/servers/redis/redis.conf
    nats-server --config ${out}/servers/nats/server.conf
${streams}`,
    `Write your own \`${out}/control\`: services, agents' keys, people, attestation roots, policies.`,
    `Platform team: write \`${out}/broker/ceilings.yaml\` and \`${out}/broker/targets.yaml\`, with your targets' credential files.`,
    `Give each service its own folder, \`${out}/trust\` and \`${out}/bundles\`, and nothing else. Check, then start, in any order:

    node apps/signer/dist/main.js --config ${out}/signer/signer.yaml --check-config
${starts.join("\n")}

\`/readyz\` says what each one waits for.`,
    `Two operators activate the control folder:

    seb policy activate --reason "the first bundle" --control ${out}/control --bundles ${out}/bundles \\
      --trust ${out}/trust/trust.json --pins ${out}/trust/trust-pins.json --revocation-url ${plan.urls.revocation} \\
      --operator ${out}/operators/operator-1.json --operator ${out}/operators/operator-2.json`,
    `Give \`${out}/operators/operator-1.json\` and \`operator-2.json\` to two different people, and delete them here.`,
  ];
  const list = steps.map((step, at) => `${at + 1}. ${step}`).join("\n\n");
  return `# Environment ${plan.name}: what is left to do\n\n${list}\n`;
}

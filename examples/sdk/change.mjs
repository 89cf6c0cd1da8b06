// The agent's calls by the SDK: ask for a certificate for one change, then have the broker carry it out.
// usage: node examples/sdk/change.mjs [.seb folder of a running `seb dev`] [replicas]
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createAgent } from "@seb/client";
import { parse } from "yaml";

const [folder = ".seb", replicas = "12"] = process.argv.slice(2);
const { endpoints } = parse(await readFile(join(folder, "agent.yaml"), "utf8"));
const attestation = await readFile(join(folder, "attestations", "checkout.json"));
const [subject] = JSON.parse(Buffer.from(JSON.parse(attestation).payload, "base64")).subject;
const image_digest = `sha256:${subject.digest.sha256}`;

const made = await createAgent({
  signerUrl: endpoints.signer,
  brokerUrl: endpoints.broker,
  key: await readFile(join(folder, "keys", "agent.json"), "utf8"),
});
if (!made.ok) throw new Error(made.error.detail);
const agent = made.value;

try {
  // First call: the SDK observes the target through the broker by itself, and attaches what it saw.
  const asked = await agent.requestCertificate({
    action: "deploy",
    service: "checkout",
    region: "us-east-1",
    parameters: { image_digest },
    bounds: { max_replicas: 12 },
    evidence: [{ type: "attestation", envelope: attestation.toString("base64url") }],
  });
  if (!asked.ok) throw new Error(`no certificate: ${asked.error.code}: ${asked.error.detail}`);
  const { certificate, cert_id, policy } = asked.value;
  console.log(`certificate ${cert_id}, permitted by ${policy}`);

  // Second call: action, resource and every parameter restated in full.
  const executed = await agent.execute(certificate, {
    action: "deploy",
    resource: "service:checkout/region:us-east-1",
    parameters: { image_digest, replicas: Number(replicas) },
  });
  if (!executed.ok) throw new Error(`not executed: ${executed.error.code}: ${executed.error.detail}`);
  console.log(`${executed.value.state}: commit ${executed.value.result.commit}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await agent.close();
}

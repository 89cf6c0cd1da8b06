import { readFile } from "node:fs/promises";
import { exists, writeWhole } from "@seb/mounts";
import { parseDocument } from "yaml";
import { type Layout, NAMES, type ServiceName } from "../layout.js";
import { FIRST_PROPOSAL } from "./control.js";

type Urls = Readonly<Record<ServiceName, string>>;

const text = (urls: Urls) => `# Settings of the agent in this folder. Flags and SEB_* variables win over them.
endpoints:
  signer: ${urls.signer}
  broker: ${urls.broker}
  revocation: ${urls.revocation}
key: keys/agent.json
audience: ${NAMES.broker}
# Values, or \${NAME} to take one from the environment.
parameters:
  image_digest: ${FIRST_PROPOSAL.image_digest}
bounds:
  max_replicas: 12
evidence:
  - { type: attestation, file: attestations/checkout.json }
`;

/** Writes `agent.yaml`; in an existing one only the endpoints are brought up to date. */
export async function makeAgentFile(layout: Layout, urls: Urls): Promise<void> {
  if (!(await exists(layout.agentFile))) return writeWhole(layout.agentFile, text(urls));
  const before = await readFile(layout.agentFile, "utf8");
  const document = parseDocument(before);
  for (const [name, url] of Object.entries(urls)) document.setIn(["endpoints", name], url);
  const after = document.toString({ lineWidth: 0 });
  if (after !== before) await writeWhole(layout.agentFile, after);
}

import { relative } from "node:path";
import type { Dev } from "./start-dev.js";

/** What a person may do next, as commands to copy. */
export function hints(dev: Dev): string {
  const folder = relative(process.cwd(), dev.folder) || ".";
  const { signer, broker, revocation } = dev.urls;
  return `
Ready. The services run until Ctrl-C; everything they keep lies in ${folder}.

  signer      ${signer}
  broker      ${broker}
  revocation  ${revocation}

Next, in another shell below the same directory:

  see what an agent may do       agent-cli actions
  ask for a certificate          CERT=$(agent-cli request-cert --action deploy --service checkout --region us-east-1)
  read it                        agent-cli inspect --cert "$CERT"
  would the broker execute it?   broker-cli verify --cert "$CERT" --shadow
  execute it                     agent-cli execute --cert "$CERT" --replicas 12
  see the commit                 git --git-dir=${folder}/gitops.git show
  attest another image           seb dev attest --image-digest sha256:... --out attestation.json
  stop an agent at once          seb revoke subject agent:oncall-v3 --reason "why"
  stop and start a service       seb dev stop signer; seb dev start signer
  check the records              seb audit verify
`;
}

import type { Route } from "@seb/service-kit";
import { getAction, getActions } from "./routes/get-actions.js";
import { getJwks } from "./routes/get-jwks.js";
import { postCertificates } from "./routes/post-certificates.js";
import { getRequest, postApprovals } from "./routes/requests.js";
import type { Signer } from "./signer.js";

/** Every operation of the signer. Making the list touches nothing of the signer; only the handlers do. */
export function signerRoutes(signer: Signer): readonly Route[] {
  return [
    postCertificates(signer),
    getActions(signer),
    getAction(signer),
    getRequest(signer),
    postApprovals(signer),
    getJwks(signer),
  ];
}

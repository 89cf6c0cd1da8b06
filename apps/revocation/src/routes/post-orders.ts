import { OrderAnswer, OrderRequest } from "@seb/schema";
import { defineRoute, type Route } from "@seb/service-kit";
import { type Office, submitOrder } from "../orders/submit.js";

/** `POST /v1/orders`: an operator's signed order. */
export function postOrders(office: Office): Route {
  return defineRoute({
    method: "POST",
    path: "/v1/orders",
    summary: "Give an operator's signed order: revoke, lift, raise an epoch, activate a bundle.",
    auth: "signed-body",
    codes: [
      "token_malformed",
      "token_too_large",
      "token_header_invalid",
      "token_alg_not_allowed",
      "token_typ_not_allowed",
      "token_key_unknown",
      "token_key_expired",
      "token_signature_invalid",
      "audience_wrong",
      "issuer_wrong",
      "lifetime_too_long",
      "issued_in_future",
      "not_yet_valid",
      "expired",
      "order_invalid",
      "order_replayed",
      "order_pending",
      "order_same_operator",
      "order_target_unknown",
      "bundle_unknown",
      "bundle_invalid",
      "revoked_bundle",
      "revoked_key",
      "record_failed",
      "chain_fork",
      "store_unavailable",
    ],
    body: OrderRequest,
    success: { status: 200, body: OrderAnswer },
    async handle({ body, requestId }) {
      const done = await submitOrder(office, body.order, requestId);
      return done.ok ? { status: 200, body: done.value } : { failure: done.error };
    },
  });
}

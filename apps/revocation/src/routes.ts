import type { Route } from "@seb/service-kit";
import type { Office } from "./orders/submit.js";
import { getRevocations } from "./routes/get-revocations.js";
import { getStatus } from "./routes/get-status.js";
import { postOrders } from "./routes/post-orders.js";

/** Every operation of the revocation service. Making the list touches nothing of the service; only the handlers do. */
export function revocationRoutes(office: Office): readonly Route[] {
  return [postOrders(office), getRevocations(office), getStatus(office)];
}

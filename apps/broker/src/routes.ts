import type { Route } from "@seb/service-kit";
import type { Broker } from "./broker.js";
import { getExecution, getExecutions } from "./routes/get-executions.js";
import { postExecutions } from "./routes/post-executions.js";
import { postObservations } from "./routes/post-observations.js";
import { postResolutions } from "./routes/post-resolutions.js";
import { postVerifications } from "./routes/post-verifications.js";

/** Every operation of the broker. Making the list touches nothing of the broker; only the handlers do. */
export function brokerRoutes(broker: Broker): readonly Route[] {
  return [
    postObservations(broker),
    postExecutions(broker),
    getExecutions(broker),
    getExecution(broker),
    postVerifications(broker),
    postResolutions(broker),
  ];
}

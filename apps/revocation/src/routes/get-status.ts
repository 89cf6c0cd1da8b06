import { Compact, closed, fail } from "@seb/schema";
import type { Route } from "@seb/service-kit";
import type { Office } from "../orders/submit.js";

const StatusAnswer = closed({ status: Compact });

/** `GET /v1/status`: the last signed status; whoever reads it judges its age. */
export function getStatus({ publisher }: Office): Route {
  return {
    method: "GET",
    path: "/v1/status",
    summary: "The last signed status, as a compact token.",
    success: { status: 200, body: StatusAnswer },
    codes: ["not_ready"],
    query: [],
    async handle() {
      const { last } = publisher;
      if (last === undefined) return { failure: fail("not_ready", "No status has gone out yet.").error };
      return { status: 200, body: { status: last.token } };
    },
  };
}

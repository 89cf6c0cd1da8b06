import { RevocationsAnswer } from "@seb/schema";
import type { Route } from "@seb/service-kit";
import { standingAt } from "../journal/ledger.js";
import type { Office } from "../orders/submit.js";

/** `GET /v1/revocations`: what stands, as the journal says. */
export function getRevocations({ journal, ports }: Office): Route {
  return {
    method: "GET",
    path: "/v1/revocations",
    summary: "Standing revocations, epochs and the active bundle.",
    success: { status: 200, body: RevocationsAnswer },
    codes: [],
    query: [],
    async handle() {
      const { seq, generation, epochs, bundle } = journal.ledger;
      const standing = [...standingAt(journal.ledger, ports.clock.nowMs())];
      const body: RevocationsAnswer = { seq, generation, epochs, bundle, standing };
      return { status: 200, body };
    },
  };
}

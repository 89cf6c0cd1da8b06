import { provenRequest } from "@seb/agents";
import { actionView } from "@seb/catalogue";
import { ActionAnswer, ActionsAnswer, fail } from "@seb/schema";
import type { Route } from "@seb/service-kit";
import { bounded } from "../bounded.js";
import type { Signer } from "../signer.js";
import { AGENT_CODES } from "./codes.js";
import { refuse } from "./refuse.js";

/** `GET /v1/actions`: the actions of the active bundle. Open: it says nothing that the control folder's readers do not know; a proof that comes along must hold. */
export function getActions(signer: Pick<Signer, "agents" | "config" | "log" | "refusals">): Route {
  return {
    method: "GET",
    path: "/v1/actions",
    summary: "Actions of the active bundle",
    auth: "proof-if-any",
    success: { status: 200, body: ActionsAnswer },
    codes: AGENT_CODES,
    query: [],
    async handle(context) {
      const control = await bounded(signer, signer.agents.open(provenRequest(context)));
      if (!control.ok) return refuse(signer, context, control);
      const { digest, actions } = control.value.bundle;
      const body: ActionsAnswer = {
        bundle: digest,
        actions: [...actions.values()].map(({ name, description }) => ({ name, description })),
      };
      return { status: 200, body };
    },
  };
}

/** `GET /v1/actions/{name}`: parameters and scope of one action, enough to make flags from. */
export function getAction(signer: Pick<Signer, "agents" | "config" | "log" | "refusals">): Route {
  return {
    method: "GET",
    path: "/v1/actions/:name",
    summary: "Parameters and scope of one action",
    auth: "proof-if-any",
    success: { status: 200, body: ActionAnswer },
    codes: [...AGENT_CODES, "action_unknown"],
    query: [],
    async handle(context) {
      const control = await bounded(signer, signer.agents.open(provenRequest(context)));
      if (!control.ok) return refuse(signer, context, control);
      const { bundle } = control.value;
      const definition = bundle.actions.get(context.params.name ?? "");
      if (!definition) return refuse(signer, context, fail("action_unknown", "the active bundle has no such action"));
      const body: ActionAnswer = actionView(definition, bundle.digest, definition.tier);
      return { status: 200, body };
    },
  };
}

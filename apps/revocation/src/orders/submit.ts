import { createDeadline } from "@seb/concurrency";
import { type Failure, fail, type OrderAnswer, ok, type Result } from "@seb/schema";
import { type VerifiedOrder, verifyOrder } from "@seb/verify-core";
import type { RevocationConfig } from "../config.js";
import { TWO_OPERATORS_MS } from "../journal/fold.js";
import type { Journal } from "../journal/journal.js";
import type { BundleStore, RevocationPorts } from "../ports.js";
import type { Publisher } from "../status/publisher.js";
import { type Plan, plan } from "./plan.js";

/** What the parts of the service share. */
export interface Office {
  readonly config: RevocationConfig;
  readonly ports: RevocationPorts;
  readonly journal: Journal;
  readonly publisher: Publisher;
}

/** Pointers of the verifier lead into the order's claims; the request's field is the order itself. */
function pointed(failure: Failure): Failure {
  const { pointer, facts } = failure;
  if (pointer === undefined || pointer === "/order") return { ...failure, pointer: "/order" };
  return { ...failure, pointer: "/order", facts: { ...facts, claim: pointer } };
}

/** The same bundles, given up on in time: a slow store of bundles must not hold up an order that stops something. */
function bounded({ config, ports }: Office): BundleStore {
  return {
    async get(digest) {
      const deadline = createDeadline(config.journal_timeout_ms / 2, ports.clock);
      const text = await deadline.race(ports.bundles.get(digest));
      deadline.clear();
      if (!text.ok) throw new Error(text.error.code);
      return text.value;
    },
  };
}

async function record(office: Office, verified: VerifiedOrder, token: string): Promise<Result<Plan>> {
  const { config, ports, journal } = office;
  const bundles = bounded(office);
  const deadline = createDeadline(config.journal_timeout_ms, ports.clock);
  try {
    const done = await deadline.race(
      journal.commit((ledger) => plan(ledger, verified, token, Math.floor(ports.clock.nowMs()), bundles)),
    );
    if (done.ok) return done.value;
    return fail("record_failed", "The journal did not confirm the order in time; it may still do so.");
  } finally {
    deadline.clear();
  }
}

/** Refusals of what an operator really signed have each their record; of anything else, as many as the budget allows. */
async function refuse(office: Office, failure: Failure, requestId: string, verified?: VerifiedOrder) {
  const { config, ports } = office;
  const who = verified && { order: verified.claims.jti, operator: verified.operator, does: verified.claims.order.do };
  const deadline = createDeadline(config.journal_timeout_ms, ports.clock);
  await deadline.race(ports.refusals.refuse(verified !== undefined, failure.code, { request_id: requestId, ...who }));
  deadline.clear();
  return { ok: false as const, error: failure };
}

/**
 * Takes an operator's order. The answer is a success when the journal is durable, the view is written and a status that speaks of it
 * is signed and published; `order_pending` when a second operator has to say the same. After `store_unavailable` the order stands in
 * the journal and takes effect as soon as the store is back.
 */
export async function submitOrder(office: Office, token: string, requestId: string): Promise<Result<OrderAnswer>> {
  const { config, ports } = office;
  const nowSeconds = ports.clock.nowMs() / 1000;
  const verified = await verifyOrder(token, ports.trust(), { audience: config.environment, nowSeconds });
  if (!verified.ok) return refuse(office, pointed(verified.error), requestId);
  const recorded = await record(office, verified.value, token);
  if (!recorded.ok) return refuse(office, recorded.error, requestId, verified.value);
  const { kind, body } = recorded.value;
  if (kind === "order" && body.stage === "waits") {
    const facts = { order: body.id, until_ms: body.clock_ms + TWO_OPERATORS_MS };
    return fail("order_pending", "Another operator must give the same order.", { facts });
  }
  const published = await office.publisher.sync();
  if (!published.ok) {
    const detail = "The order is in the journal, but the view or the status could not go out; it will with the store.";
    return fail("store_unavailable", detail, { facts: { order: body.id, why: published.error.code } });
  }
  const { seq, epochs, bundle } = published.value.view;
  return ok({ order: body.id, seq, epochs, bundle });
}

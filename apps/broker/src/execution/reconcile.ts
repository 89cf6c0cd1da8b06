import type { OpenEntry } from "@seb/authority";
import { type CertificateClaims, type ExecutionAnswer, fail, isCode, isFinal, ok, type Result } from "@seb/schema";
import { certificateClaims, checkSignature, gate } from "@seb/verify-core";
import type { Broker } from "../broker.js";
import { type Ending, outcomeBody } from "./bodies.js";
import type { KnownExecution } from "./index-of-records.js";
import { settle } from "./settle.js";

const TAKEOVER_LIFE_MS = 30_000;
const TARGET_TIMEOUT_MS = 15_000;

/** Looks for executions that nobody finishes any more, now and again. `stop` waits for the round under way. */
export function startReconciling(
  broker: Pick<
    Broker,
    "chain" | "clock" | "config" | "connectors" | "index" | "log" | "running" | "status" | "store" | "trust"
  >,
): { stop(): Promise<void> } {
  let stopped = false;
  let round: Promise<void> = Promise.resolve();
  const turn = () => {
    round = reconcileAll(broker)
      .catch((thrown: unknown) => broker.log.error({ err: thrown }, "a round of reconciliation failed"))
      .finally(() => {
        if (!stopped) timer = setTimeout(turn, broker.config.reconcile_every_ms);
      });
  };
  let timer = setTimeout(turn, 0);
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await round;
      clearTimeout(timer);
    },
  };
}

/** One round: own entries of an earlier boot at once, anybody's after their deadline on the store's signed time. */
export async function reconcileAll(
  broker: Pick<
    Broker,
    "chain" | "clock" | "config" | "connectors" | "index" | "running" | "status" | "store" | "trust"
  >,
): Promise<void> {
  const { config } = broker;
  const pin = broker.status.pin();
  if (!pin.ok) return;
  const open = await broker.store.open();
  if (!open.ok) return;
  for (const entry of open.value) {
    if (broker.running.get(entry.cert_id)?.fence === entry.fence) continue;
    const ownEarlier = entry.broker === config.instance && entry.boot < broker.chain.boot;
    if (ownEarlier || pin.value.now_ms > entry.deadline_ms) await takeOverEntry(broker, entry);
  }
  await reconcileOrphans(broker, new Set(open.value.map((entry) => entry.cert_id)));
}

/** Raises the fence, asks the target, writes the final outcome. Also the way in for a person's resolution. */
export async function takeOverEntry(
  broker: Pick<Broker, "chain" | "clock" | "config" | "connectors" | "index" | "status" | "store" | "trust">,
  entry: OpenEntry,
  by?: Ending,
): Promise<Result<ExecutionAnswer>> {
  const { config } = broker;
  const pin = broker.status.pin();
  if (!pin.ok) return pin;
  const taker = { broker: config.instance, boot: broker.chain.boot, life_ms: TAKEOVER_LIFE_MS };
  const taken = await broker.store.takeOver(entry.cert_id, entry.fence, taker, pin.value);
  if (!taken.ok) return taken;
  // Our own decision holds the claims, verified when it was made: the signer's key may have been rotated since.
  const decided = broker.index.get(entry.cert_id)?.claims;
  const claims = decided ? ok(decided) : await claimsOf(broker, entry.certificate);
  if (!claims.ok) return claims;
  const { fence, seq } = taken.value;
  const noted = await broker.chain.append("takeover", {
    cert_id: entry.cert_id,
    fence,
    from_broker: entry.broker,
    from_boot: entry.boot,
    take_seq: seq,
  });
  if (!noted.ok) return noted;
  const recorded = broker.index.get(entry.cert_id)?.answer;
  if (recorded && isFinal(recorded.state)) {
    // The outcome was recorded, only the entry was left open.
    const answer = { ...recorded, fence };
    const closed = await broker.store.close(entry.cert_id, fence, { op: entry.op, answer });
    return closed.ok ? ok(answer) : closed;
  }
  const known = answerOf(broker, claims.value, entry, fence);
  const undecided = entry.broker === config.instance && broker.index.get(entry.cert_id) === undefined;
  const found = await endingOf(broker, claims.value, undecided);
  // The target is fenced and asked whoever speaks: a person's word counts only where the target has none.
  const ending = by && !isFinal(found.state) ? { ...by, detail: `${by.detail} (${found.detail})` } : found;
  return conclude(broker, claims.value, entry.op, known, ending, { fence, takeSeq: seq });
}

/** Decisions in our own records without a final outcome, whose entry the store no longer holds. */
async function reconcileOrphans(
  broker: Pick<Broker, "chain" | "connectors" | "index" | "running" | "store">,
  inStore: ReadonlySet<string>,
): Promise<void> {
  for (const known of broker.index.unfinished()) {
    const { cert_id, fence } = known.answer;
    if (inStore.has(cert_id) || broker.running.get(cert_id)) continue;
    const told = await broker.store.lookup(cert_id);
    if (!told.ok) return;
    if (told.value !== undefined && endedElsewhere(told.value.answer, fence)) {
      await adopt(broker, known, told.value.answer);
      continue;
    }
    const ending = await endingOf(broker, known.claims, false);
    if (!isFinal(ending.state) && ending.state === known.answer.state) continue;
    const answer = { ...known.answer, fence: fence + 1 };
    await conclude(broker, known.claims, known.op, answer, ending, { fence: fence + 1, takeSeq: known.takeSeq });
  }
}

/** Another broker took the execution over behind its own fence and closed it: its outcome record is the final one. */
function endedElsewhere(answer: ExecutionAnswer, fence: number): boolean {
  return answer.fence > fence && isFinal(answer.state);
}

/** Closes our own record of an execution that another broker ended, under our own, lower fence: there is one final outcome. */
async function adopt(
  broker: Pick<Broker, "chain" | "index">,
  known: KnownExecution,
  ended: ExecutionAnswer,
): Promise<void> {
  if (!isFinal(ended.state)) return;
  const ending: Ending = {
    state: ended.state,
    code: isCode(ended.code) ? ended.code : null,
    detail: "another broker took it over and ended it",
    result: ended.result,
    by: "reconciler",
  };
  const place = { fence: known.answer.fence, takeSeq: known.takeSeq, recallSeq: null, identity: null };
  const body = outcomeBody({ ...known.answer, policy: known.policy }, ending, place);
  const recorded = await broker.chain.append("outcome", body);
  if (recorded.ok) broker.index.fold({ ...recorded.value, body });
}

async function claimsOf(
  broker: Pick<Broker, "clock" | "trust">,
  certificate: string,
): Promise<Result<CertificateClaims>> {
  const gated = gate(certificate, "seb-cert+jwt");
  if (!gated.ok) return gated;
  const signed = await checkSignature(gated.value, broker.trust(), broker.clock.nowMs() / 1000);
  return signed.ok ? certificateClaims(signed.value) : signed;
}

function answerOf(
  broker: Pick<Broker, "clock" | "index">,
  claims: CertificateClaims,
  entry: OpenEntry,
  fence: number,
): ExecutionAnswer {
  const known = broker.index.get(entry.cert_id)?.answer;
  return {
    cert_id: claims.jti,
    state: "decided",
    replayed: false,
    action: claims.action,
    resource: claims.resource,
    subject: claims.sub,
    parameters: entry.request.parameters,
    decided_at_ms: known?.decided_at_ms ?? broker.clock.nowMs(),
    closed_at_ms: null,
    result: {},
    code: null,
    fence,
  };
}

/** Fences the target first, so that a sleeping sender's late change fails, and only then believes what it says. */
async function endingOf(
  broker: Pick<Broker, "connectors">,
  claims: CertificateClaims,
  undecided: boolean,
): Promise<Ending> {
  const unknown = (detail: string): Ending => ({
    state: "unknown",
    code: "execution_unknown",
    detail,
    result: {},
    by: "reconciler",
  });
  const connector = broker.connectors.get(claims.contract.connector);
  if (!connector) return unknown("this broker has no such connector");
  const signal = AbortSignal.timeout(TARGET_TIMEOUT_MS);
  const fenced = await connector.fence(claims.jti, claims.contract, signal);
  if (!fenced.ok) return unknown(`the target could not be fenced: ${fenced.error.code}`);
  await connector.recall(claims.jti, claims.contract, signal);
  // Asked even without a decision of ours: the entry may be one that we took over before, from a broker that had decided and sent.
  const said = await connector.reconcile(claims.jti, claims.contract, signal);
  if (!said.ok) return unknown(`the target does not answer: ${said.error.code}`);
  if (said.value.state === "cannot_tell") return unknown(said.value.detail);
  if (said.value.state === "executed") return { ...said.value, code: null, detail: "", by: "reconciler" };
  return {
    state: "not_executed",
    code: undecided ? "no_decision" : "not_executed",
    detail: `the target knows nothing of it${undecided ? ", and we recorded no decision" : ""}`,
    result: {},
    by: "reconciler",
  };
}

async function conclude(
  broker: Pick<Broker, "chain" | "index" | "store">,
  claims: CertificateClaims,
  op: string,
  known: ExecutionAnswer,
  ending: Ending,
  place: { readonly fence: number; readonly takeSeq: number },
): Promise<Result<ExecutionAnswer>> {
  const { index } = broker;
  const body = outcomeBody({ ...known, policy: claims.policy.id }, ending, {
    ...place,
    recallSeq: null,
    identity: null,
  });
  const recorded = await broker.chain.append("outcome", body);
  if (!recorded.ok) return recorded;
  index.fold({ ...recorded.value, body });
  const closedAt = isFinal(ending.state) ? recorded.value.at_ms : null;
  const answer = {
    ...known,
    state: ending.state,
    code: ending.code,
    result: { ...ending.result },
    closed_at_ms: closedAt,
  };
  const execution = { op, answer };
  const written = await settle(broker, place.fence, execution);
  // An orphan has no entry to close: its outcome record alone is the truth.
  if (!written.ok && written.error.code !== "fence_lost") return fail(written.error.code, written.error.detail);
  return ok(answer);
}

import { checkView, revocableOf } from "@seb/authority";
import type { Broker } from "../broker.js";
import type { Running } from "./open.js";

const RECALL_TIMEOUT_MS = 10_000;

/**
 * Matches every new view to the executions that are under way here and recalls those that it revokes: the guard refuses from then on, and
 * the target is told to refuse what may already be on its way. Returns the way to stop.
 */
export function startRecalling(broker: Pick<Broker, "chain" | "log" | "running" | "status" | "view">): () => void {
  return broker.status.onChange(() => {
    void recallRevoked(broker).catch((thrown: unknown) => {
      broker.log.error({ err: thrown }, "matching a new view to open executions failed");
    });
  });
}

async function recallRevoked(broker: Pick<Broker, "chain" | "log" | "running" | "view">): Promise<void> {
  if (broker.running.all().length === 0) return;
  const view = await broker.view.read();
  if (!view.ok) return; // the guard refuses by itself while the view cannot be read
  const met = broker.running.all().flatMap((running) => {
    const standing = checkView(view.value, revocableOf(running.claims, running.signerKid));
    return standing.ok || running.recalled ? [] : [{ running, code: standing.error.code }];
  });
  await Promise.all(
    met.map(({ running, code }) => {
      running.recalled = { seq: view.value.seq, code };
      return recallOne(broker, running);
    }),
  );
}

async function recallOne(broker: Pick<Broker, "chain" | "log">, running: Running): Promise<void> {
  const { claims, connector } = running;
  const signal = AbortSignal.timeout(RECALL_TIMEOUT_MS);
  const recalled = await connector.recall(claims.jti, claims.contract, signal);
  const fenced = await connector.fence(claims.jti, claims.contract, signal);
  const failed = [recalled, fenced].find((result) => !result.ok);
  const body = {
    cert_id: claims.jti,
    subject: claims.sub,
    code: running.recalled?.code ?? null,
    take_seq: running.takeSeq,
    recall_seq: running.recalled?.seq ?? null,
    fence: running.fence,
    target: failed && !failed.ok ? failed.error.code : "fenced",
  };
  const recorded = await broker.chain.append("recall", body);
  if (!recorded.ok)
    broker.log.error({ cert_id: claims.jti, code: recorded.error.code }, "a recall could not be recorded");
}

import {
  type CertificateClaims,
  type DecisionBody,
  type ExecutionAnswer,
  isFinal,
  type OutcomeBody,
  outcomeOf,
  readBody,
} from "@seb/schema";

/** An execution as this broker's own records tell it. */
export interface KnownExecution {
  readonly answer: ExecutionAnswer;
  readonly claims: CertificateClaims;
  readonly policy: string;
  readonly takeSeq: number;
  readonly op: string;
  /** Line of the final outcome's record; null while there is none. */
  readonly receipt: string | null;
}

/** Fold of decision and outcome records: the state of executions, their receipts, and which of them have no final outcome yet. */
export interface ExecutionIndex {
  fold(record: {
    readonly kind: string;
    readonly at_ms: number;
    readonly body: Readonly<Record<string, unknown>>;
    readonly line: string;
  }): void;
  get(certId: string): KnownExecution | undefined;
  /** Newest first. */
  list(wanted: (answer: ExecutionAnswer) => boolean, limit: number): readonly ExecutionAnswer[];
  /** Executions that are decided or unknown. */
  unfinished(): readonly KnownExecution[];
}

const KEPT_CLOSED = 50_000;

function decided(body: DecisionBody, atMs: number): KnownExecution {
  const claims = body.certificate;
  return {
    claims,
    policy: claims.policy.id,
    takeSeq: body.take_seq,
    op: body.op,
    receipt: null,
    answer: {
      cert_id: body.cert_id,
      state: "decided",
      replayed: false,
      action: claims.action,
      resource: claims.resource,
      subject: claims.sub,
      parameters: body.parameters,
      decided_at_ms: atMs,
      closed_at_ms: null,
      result: {},
      code: null,
      fence: body.fence,
    },
  };
}

/** An index without entries. Closed executions beyond a bound are forgotten, oldest first; unfinished ones never. */
export function createExecutionIndex(): ExecutionIndex {
  const open = new Map<string, KnownExecution>();
  const closed = new Map<string, KnownExecution>();
  const get = (certId: string) => open.get(certId) ?? closed.get(certId);

  function outcome(body: OutcomeBody, atMs: number, line: string): void {
    const known = get(body.cert_id);
    if (!known || body.fence < known.answer.fence) return;
    const ended = isFinal(body.state);
    const receipt = outcomeOf(body.state).receipt ? line : null;
    const answer: ExecutionAnswer = {
      ...known.answer,
      state: body.state,
      code: body.code,
      result: { ...body.result },
      fence: body.fence,
      closed_at_ms: ended ? atMs : null,
    };
    open.delete(body.cert_id);
    closed.delete(body.cert_id);
    (ended ? closed : open).set(body.cert_id, { ...known, answer, receipt });
    for (const oldest of closed.keys()) {
      if (closed.size <= KEPT_CLOSED) break;
      closed.delete(oldest);
    }
  }

  return {
    fold({ kind, at_ms, body, line }) {
      const read = readBody(kind, body);
      // Only this service writes its chain, and only what fits: anything else must not be guessed at.
      if (!read.ok) throw new Error(`a record of this service cannot be read: ${read.error.detail}`);
      if (read.value?.kind === "decision") {
        const known = decided(read.value.body, at_ms);
        open.set(known.answer.cert_id, known);
      }
      if (read.value?.kind === "outcome") outcome(read.value.body, at_ms, line);
    },
    get,
    list(wanted, limit) {
      const all = [...closed.values(), ...open.values()].map(({ answer }) => answer).filter(wanted);
      return all.sort((a, b) => b.decided_at_ms - a.decided_at_ms).slice(0, limit);
    },
    unfinished: () => [...open.values()],
  };
}

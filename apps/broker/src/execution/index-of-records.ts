import { CertId, CertificateClaims, Counter, Digest, ExecutionAnswer, Parameters, validate } from "@seb/schema";
import Type, { type Static, type TSchema } from "typebox";

/** An execution as this broker's own records tell it. */
export interface KnownExecution {
  readonly answer: ExecutionAnswer;
  readonly claims: CertificateClaims;
  readonly policy: string;
  readonly takeSeq: number;
  readonly op: string;
}

/** Fold of decision and outcome records: the state of executions, and which of them have no final outcome yet. */
export interface ExecutionIndex {
  fold(record: {
    readonly kind: string;
    readonly at_ms: number;
    readonly body: Readonly<Record<string, unknown>>;
  }): void;
  get(certId: string): KnownExecution | undefined;
  /** Newest first. */
  list(wanted: (answer: ExecutionAnswer) => boolean, limit: number): readonly ExecutionAnswer[];
  /** Executions that are decided or unknown. */
  unfinished(): readonly KnownExecution[];
}

const KEPT_CLOSED = 50_000;

/** The members of our own records that the index reads; a body that does not fit is a bug of this service. */
const DecisionRecord = Type.Object({
  cert_id: CertId,
  parameters: Parameters,
  certificate: CertificateClaims,
  fence: Counter,
  take_seq: Counter,
  op: Digest,
});
type DecisionRecord = Static<typeof DecisionRecord>;

const OutcomeRecord = Type.Object({
  cert_id: CertId,
  state: Type.Union([Type.Literal("executed"), Type.Literal("not_executed"), Type.Literal("unknown")]),
  code: Type.Union([Type.String(), Type.Null()]),
  result: ExecutionAnswer.properties.result,
  fence: Counter,
});
type OutcomeRecord = Static<typeof OutcomeRecord>;

function bodyOf<S extends TSchema>(schema: S, body: unknown): Static<S> {
  const read = validate(schema, body, "records_broken");
  if (!read.ok) throw new Error(`a record of this service does not fit its own schema at ${read.error.pointer}`);
  return read.value;
}

function decided(body: DecisionRecord, atMs: number): KnownExecution {
  const claims = body.certificate;
  return {
    claims,
    policy: claims.policy.id,
    takeSeq: body.take_seq,
    op: body.op,
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

  function outcome(body: OutcomeRecord, atMs: number): void {
    const known = get(body.cert_id);
    if (!known || body.fence < known.answer.fence) return;
    const ended = body.state !== "unknown";
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
    (ended ? closed : open).set(body.cert_id, { ...known, answer });
    for (const oldest of closed.keys()) {
      if (closed.size <= KEPT_CLOSED) break;
      closed.delete(oldest);
    }
  }

  return {
    fold({ kind, at_ms, body }) {
      if (kind === "decision") {
        const known = decided(bodyOf(DecisionRecord, body), at_ms);
        open.set(known.answer.cert_id, known);
      }
      if (kind === "outcome") outcome(bodyOf(OutcomeRecord, body), at_ms);
    },
    get,
    list(wanted, limit) {
      const all = [...closed.values(), ...open.values()].map(({ answer }) => answer).filter(wanted);
      return all.sort((a, b) => b.decided_at_ms - a.decided_at_ms).slice(0, limit);
    },
    unfinished: () => [...open.values()],
  };
}

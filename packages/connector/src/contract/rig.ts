import { BASE32_ID_RANDOM_BYTES, base32Id, type Json } from "@seb/canonical";
import type { ConnectorLanguage } from "@seb/connector-language";
import type { Contract, LiveState, Operation } from "@seb/schema";
import type { Connector, ExecuteResult, ObserveRequest, Session } from "../port.js";

/** A fresh real target with one object in it, and an adapter that reaches it. */
export interface ConnectorRig {
  readonly connector: Connector;
  /** What it understands: its observations make preconditions of this language. */
  readonly language: ConnectorLanguage;
  /** What to look at; the names of target and operation are those of `contract`. */
  readonly look: Omit<ObserveRequest, "signal">;
  /** The contract of a change of that object, under the given precondition. */
  contract(precondition: Contract["precondition"]): Contract;
  /** The same change with every open parameter filled. */
  readonly operation: Operation;
  /** Everything that the target holds, certified and not, in a form that compares by value; markers are left out. */
  state(): Promise<Json>;
  /** What {@link state} answers once the operation was written upon `before`, and nothing else was. */
  changed(before: Json): Json;
  /** Whether the target carries the marker of an executed change under this certificate. */
  marked(certId: string): Promise<boolean>;
  /** Somebody else changes a certified field of the object. */
  drift(): Promise<void>;
  /** Somebody else changes something that is not certified. */
  unrelated(): Promise<void>;
  /** Removes the target. */
  stop(): Promise<void>;
}

/** Makes a rig; called once for each test. */
export type StartRig = () => Promise<ConnectorRig>;

export const always = async (): Promise<boolean> => true;
export const never = async (): Promise<boolean> => false;

export function newCertId(): string {
  return base32Id("c_", crypto.getRandomValues(new Uint8Array(BASE32_ID_RANDOM_BYTES)));
}

/** The live state now. */
export async function look(rig: ConnectorRig): Promise<LiveState> {
  const seen = await rig.connector.observe({ ...rig.look, signal: AbortSignal.timeout(10_000) });
  if (!seen.ok) throw new Error(`observe: ${seen.error.code}`);
  return seen.value;
}

/** One execution under way: its certificate, its contract, its session. */
export interface Attempt {
  readonly certId: string;
  readonly contract: Contract;
  readonly session: Session;
}

/** Observes and opens a session upon what was seen. */
export async function begin(
  rig: ConnectorRig,
  more: { readonly certId?: string; readonly signal?: AbortSignal } = {},
): Promise<Attempt> {
  const contract = rig.contract((await look(rig)).precondition);
  return reopen(rig, { certId: more.certId ?? newCertId(), contract }, more.signal);
}

/** Opens a session for a known execution, as another broker would. */
export async function reopen(
  rig: ConnectorRig,
  known: Omit<Attempt, "session">,
  signal = AbortSignal.timeout(20_000),
): Promise<Attempt> {
  const opened = await rig.connector.open({
    cert_id: known.certId,
    subject: "agent:contract",
    contract: known.contract,
    operation: rig.operation,
    fence: 1,
    not_after_ms: Date.now() + 60_000,
    signal,
  });
  if (!opened.ok) throw new Error(`open: ${opened.error.code}`);
  return { ...known, session: opened.value };
}

/** State and, where there is one, code. */
export function verdict(result: ExecuteResult): string {
  return result.state === "not_executed" ? `${result.state} ${result.code}` : result.state;
}

import { readVouched, type Vouched, type VouchedPorts } from "@seb/authority";
import type { Bundle } from "@seb/catalogue";
import { type AgentDefinition, fail, ok, type Result } from "@seb/schema";
import type { Possession, ProvenKey } from "./possession.js";
import { agentByKey, isApproverKey } from "./registered.js";
import type { ProvenRequest } from "./request.js";
import { checkCaller } from "./standing.js";

/** What a service keeps of an opened control bundle: the bundle, and perhaps more. */
export interface Opened {
  readonly bundle: Bundle;
}

/** An agent of the active bundle, known by a proof of its key for exactly this request. Whether it stands revoked is not asked yet. */
export interface KnownAgent<C extends Opened> {
  readonly agent: AgentDefinition;
  /** Thumbprint of the key that made the proof. */
  readonly jkt: string;
  readonly control: C;
}

/** A known agent that no standing revocation names, and what the revocation service said when that was looked up. */
export interface StandingAgent<C extends Opened> extends KnownAgent<C> {
  readonly word: Vouched;
}

/** An agent or an approver of the active bundle that no standing revocation names. */
export interface StandingReader<C extends Opened> {
  readonly control: C;
  readonly word: Vouched;
}

/** What authentication rests on: a fresh status, its view, and control bundles by digest. */
export interface AgentsOptions<C extends Opened> extends VouchedPorts {
  readonly possession: Pick<Possession, "prove">;
  /** Opens a control bundle whose bytes have this digest. */
  readonly open: (digest: string) => Promise<Result<C>>;
}

/** Who is this, and may they? The one owner of both questions for signer and broker. */
export interface Agents<C extends Opened> {
  /** The control bundle that the signed status names as active. */
  active(): Promise<Result<C>>;
  /** Who asks: an agent of the active bundle, by one proof of its key. Its own kind of limit may be asked before {@link Agents.admit}. */
  identify(request: ProvenRequest): Promise<Result<KnownAgent<C>>>;
  /** May they: no standing revocation names the agent. */
  admit(known: KnownAgent<C>): Promise<Result<StandingAgent<C>>>;
  /** Both. What every route asks that an agent reaches by a proof alone. */
  authenticate(request: ProvenRequest): Promise<Result<StandingAgent<C>>>;
  /** As `authenticate`; an approver may also read, with a proof of the key that signs their approvals. */
  authenticateReader(request: ProvenRequest): Promise<Result<StandingReader<C>>>;
  /** For what is open to everyone: the active bundle without a proof; whoever shows one is held to it as a reader. */
  open(request: ProvenRequest): Promise<Result<C>>;
}

export function createAgents<C extends Opened>(options: AgentsOptions<C>): Agents<C> {
  const { possession, status } = options;

  async function active(): Promise<Result<C>> {
    const signed = status.current();
    if (!signed.ok) return signed;
    const { bundle } = signed.value;
    return bundle === null ? fail("no_active_bundle", "No control bundle is active.") : options.open(bundle);
  }

  async function prove(request: ProvenRequest): Promise<Result<{ readonly key: ProvenKey; readonly control: C }>> {
    const key = await possession.prove(request);
    if (!key.ok) return key;
    const control = await active();
    return control.ok ? ok({ key: key.value, control: control.value }) : control;
  }

  /** The revocation service's word, when nothing in it names this caller. */
  async function standing(subject: string | undefined, jkt: string, control: C): Promise<Result<Vouched>> {
    const word = await readVouched(options);
    if (!word.ok) return word;
    const clean = checkCaller(word.value.view, { subject, jkt, bundle: control.bundle.digest });
    return clean.ok ? word : clean;
  }

  async function identify(request: ProvenRequest): Promise<Result<KnownAgent<C>>> {
    const proven = await prove(request);
    if (!proven.ok) return proven;
    const { key, control } = proven.value;
    const agent = agentByKey(control.bundle, key.jkt, key.nowSeconds);
    if (!agent.ok) return agent;
    const spent = key.spend();
    return spent.ok ? ok({ agent: agent.value, jkt: key.jkt, control }) : spent;
  }

  async function admit(known: KnownAgent<C>): Promise<Result<StandingAgent<C>>> {
    const word = await standing(known.agent.subject, known.jkt, known.control);
    return word.ok ? ok({ ...known, word: word.value }) : word;
  }

  async function authenticateReader(request: ProvenRequest): Promise<Result<StandingReader<C>>> {
    const proven = await prove(request);
    if (!proven.ok) return proven;
    const { key, control } = proven.value;
    const agent = agentByKey(control.bundle, key.jkt, key.nowSeconds);
    if (!agent.ok && !isApproverKey(control.bundle, key.jkt)) return agent;
    const spent = key.spend();
    if (!spent.ok) return spent;
    const word = await standing(agent.ok ? agent.value.subject : undefined, key.jkt, control);
    return word.ok ? ok({ control, word: word.value }) : word;
  }

  return {
    active,
    identify,
    admit,
    async authenticate(request) {
      const known = await identify(request);
      return known.ok ? admit(known.value) : known;
    },
    authenticateReader,
    async open(request) {
      if (request.proof === undefined) return active();
      const reader = await authenticateReader(request);
      return reader.ok ? ok(reader.value.control) : reader;
    },
  };
}

import type { Connector } from "@seb/connector";
import type { CertificateClaims, Code } from "@seb/schema";

/** An execution of this process between take and close. */
export interface Running {
  readonly claims: CertificateClaims;
  readonly signerKid: string;
  readonly connector: Connector;
  readonly fence: number;
  readonly takeSeq: number;
  /** Set when a revocation or a raised epoch met it: the view sequence and the code. */
  recalled: { readonly seq: number; readonly code: Code } | undefined;
  /** True once the change may have been sent. */
  sent: boolean;
}

/** The executions that are under way here, by certificate id. */
export interface OpenExecutions {
  add(running: Running): void;
  remove(certId: string): void;
  get(certId: string): Running | undefined;
  all(): readonly Running[];
}

/** An empty register of executions under way. */
export function createOpenExecutions(): OpenExecutions {
  const byId = new Map<string, Running>();
  return {
    add: (running) => void byId.set(running.claims.jti, running),
    remove: (certId) => void byId.delete(certId),
    get: (certId) => byId.get(certId),
    all: () => [...byId.values()],
  };
}

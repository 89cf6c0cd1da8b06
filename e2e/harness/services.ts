/** The services by the names of their folders and command lines. */
export type ServiceName = "signer" | "broker" | "revocation";

/** A failpoint around one step, see `mains/failpoint.mjs`. */
export interface Failpoint {
  readonly step: string;
  readonly when: "before" | "after";
  readonly do: "kill" | "throw" | "pause";
  readonly in?: "broker" | "signer";
}

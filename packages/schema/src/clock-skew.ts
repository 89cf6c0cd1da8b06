/**
 * How far two clocks may disagree before something that one of them dated is refused by the other. The one table of the product: nothing else
 * forgives a difference, and none of these prolongs a life; ends have no tolerance.
 *
 * How old something may be is another question, answered by settings and by the `MAX_AGE` and `MAX_LIFETIME` constants beside what they bound.
 */
export const CLOCK_SKEW = {
  /**
   * Seconds by which `iat` and `nbf` of a signed token, a trust file or a proof of possession may lie ahead of the verifier's clock. Machines
   * that keep time by NTP differ by far less; statuses are refused at the same difference (`STATUS_MAX_AGE_MS`), so that more would not help.
   */
  tokenSeconds: 2,
  /**
   * Milliseconds by which a test result may be dated ahead of the signer's clock. Builders belong to others and keep time less well; an attestation
   * is judged in days.
   */
  attestationMs: 60_000,
  /** Milliseconds by which a job's kept certificate may be dated ahead of the clock of the step that reads it: steps may run on different machines. */
  jobStateMs: 60_000,
  /**
   * Milliseconds by which the revocation service's clock may stand behind what that service itself has dated before. Less is drift being
   * corrected; more is a clock that was set back, and the service begins a new generation.
   */
  revocationDriftMs: 1000,
} as const;

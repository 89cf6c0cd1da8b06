import type { PolicyContext, Result } from "@seb/schema";

/** One request to be judged; everything in it was verified before. */
export interface PolicyInput {
  /** `agent:<name>` */
  readonly subject: string;
  readonly action: string;
  readonly service: string;
  readonly region: string;
  readonly context: PolicyContext;
}

/** The permitting policies by rank: the first is the approver. */
export interface Permission {
  readonly policies: readonly string[];
}

/** Decides under the policies of one bundle. */
export interface PolicyEngine {
  /**
   * Denies unless a policy permits and none forbids.
   *
   * @returns `policy_denied` with the forbidding policies in `facts.reasons` (or `no-policy-permits`); `policy_error`, also a denial,
   *   when the input is not one that the bundle knows or anything went wrong while evaluating.
   */
  decide(input: PolicyInput): Result<Permission, "policy_denied" | "policy_error">;
}

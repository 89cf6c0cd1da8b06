/** What every certificate of one signer has in common, and how far it may go. */
export interface Profile {
  readonly issuer: string;
  /** The one broker environment that certificates are for: the signer's choice, never the agent's. */
  readonly audience: string;
  /** Life by tier 0 to 3, in seconds. */
  readonly ttlSecondsByTier: readonly number[];
  /** Longest life of any certificate, in seconds; at most {@link ABSOLUTE_MAX_TTL_SECONDS}. */
  readonly maxTtlSeconds: number;
  /** Largest token, in bytes; at most {@link ABSOLUTE_MAX_BYTES}. */
  readonly maxBytes: number;
}

/** No configuration can make a certificate live longer. */
export const ABSOLUTE_MAX_TTL_SECONDS = 300;
/** No configuration can make a certificate larger: with all other headers it has to fit into 8 KB. */
export const ABSOLUTE_MAX_BYTES = 6144;

function isWithin(value: number | undefined, maximum: number): boolean {
  return value !== undefined && Number.isInteger(value) && value >= 1 && value <= maximum;
}

/** @throws TypeError when the profile reaches beyond the absolute bounds: a wrong configuration must not start. */
export function assertProfile(profile: Profile): void {
  const tiers = [0, 1, 2, 3].map((tier) => profile.ttlSecondsByTier[tier]);
  if (
    profile.ttlSecondsByTier.length !== 4 ||
    !isWithin(profile.maxTtlSeconds, ABSOLUTE_MAX_TTL_SECONDS) ||
    !tiers.every((ttlSeconds) => isWithin(ttlSeconds, ABSOLUTE_MAX_TTL_SECONDS)) ||
    !isWithin(profile.maxBytes, ABSOLUTE_MAX_BYTES)
  )
    throw new TypeError("the certificate profile lies outside the absolute bounds");
}

/** Life of a certificate of this tier, in seconds. */
export function ttlSecondsOf(profile: Profile, tier: number): number {
  return Math.min(profile.ttlSecondsByTier[tier] ?? 1, profile.maxTtlSeconds);
}

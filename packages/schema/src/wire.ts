import Type from "typebox";

/**
 * Generations of the wire. A generation names one `ver` of everything that is signed, asked or kept; a build lists those that it can
 * open in `/readyz`, and an activation says in `wire` up to which one writers may emit.
 */
export const WIRE = [1] as const;
/** The generation in which this build writes: the newest one that an activation has ever named. */
export const WIRE_NOW = 1;

/** A generation in an order. */
export const WireNumber = Type.Integer({ minimum: 1, maximum: 1000 });

/** Services that list what they open. */
export type OpeningService = "signer" | "broker" | "revocation";

/** By what is opened, the `ver` of it that the service takes. */
export type Opens = Readonly<Record<string, readonly number[]>>;

const V1 = [1] as const;
const COMMON = { "seb-trust+json": V1, "seb-record+jws": V1, "seb-status+jws": V1, bundle: V1 } as const;

/** Members of `/readyz` that say what a service opens. */
export interface OpensList {
  /** Generations of the wire. */
  readonly wire: readonly number[];
  readonly opens: Opens;
}

/** What `/readyz` of a service of this build says. */
export const opensOf = (service: OpeningService): OpensList => ({ wire: WIRE, opens: OPENS[service] });

/** What each service of this build opens. */
export const OPENS: Readonly<Record<OpeningService, Opens>> = {
  signer: { ...COMMON, "seb-observation+jws": V1, "seb-approval+jws": V1 },
  broker: { ...COMMON, "seb-cert+jwt": V1, "seb-order+jws": V1, ceilings: V1, targets: V1 },
  revocation: { ...COMMON, "seb-order+jws": V1 },
};

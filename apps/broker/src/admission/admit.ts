import { checkCaller } from "@seb/agents";
import {
  checkPolicyInView,
  checkView,
  type Execution,
  readVouched,
  revocableOf,
  type TakeRequest,
  type View,
} from "@seb/authority";
import { type CertificateClaims, CLOCK_SKEW, fail, ok, type Result } from "@seb/schema";
import { certificateClaims, checkSignature, checkWindow, gate } from "@seb/verify-core";
import type { Broker } from "../broker.js";
import { checkCeilings, rateCeilings } from "./ceilings.js";
import { checkContract } from "./contract.js";
import { checkState } from "./state.js";
import type { Step } from "./steps.js";
import type { Checked, Compiled, Presented } from "./subject.js";

/** What the list ends with: everything checked, or the state of the very same operation, presented before. */
export type Admission =
  | { readonly kind: "checked"; readonly checked: Checked }
  | { readonly kind: "replayed"; readonly execution: Execution; readonly claims: CertificateClaims };

/** Told as soon as the claims are known to be authentic: refusals from then on are recorded one by one. */
export type Authentic = (claims: CertificateClaims) => void;

/** May a shadow certificate pass, and may possession or the operation be missing? Only in a verification. */
export interface AdmissionMode {
  readonly shadow: boolean;
}

/** The checks of admission in their order, up to the last one that writes nothing. */
export async function admit(
  broker: Pick<
    Broker,
    | "bundles"
    | "ceilings"
    | "chain"
    | "clock"
    | "config"
    | "connectors"
    | "possession"
    | "status"
    | "store"
    | "trust"
    | "view"
  >,
  step: Step,
  presented: Presented,
  mode: AdmissionMode,
  authentic: Authentic,
): Promise<Admission> {
  const { config, bundles } = broker;
  const nowSeconds = () => broker.clock.nowMs() / 1000;

  const gated = await step("token", () => gate(presented.certificate, "seb-cert+jwt"));
  const signed = await step("signature", () => checkSignature(gated, broker.trust(), nowSeconds()));
  const claims = await step("claims", () => {
    const read = certificateClaims(signed);
    if (!read.ok) return read;
    authentic(read.value);
    if (read.value.mode === "shadow" && !mode.shadow)
      return fail("certificate_shadow", "shadow certificates never execute");
    return read;
  });
  await step("audience", () =>
    claims.aud === config.audience ? ok(undefined) : fail("audience_wrong", "the certificate names another broker"),
  );
  await step("window", () =>
    checkWindow(claims, {
      nowSeconds: nowSeconds(),
      skewSeconds: CLOCK_SKEW.tokenSeconds,
      maxLifetimeSeconds: config.max_lifetime_seconds,
    }),
  );
  if (presented.proof !== undefined || !mode.shadow) {
    await step("possession", () => broker.possession.check(presented, claims.cnf.jkt));
  }
  const known = await step("replay", () => checkReplay(broker, claims, presented));
  if (known) return { kind: "replayed", execution: known, claims };

  const compiled = await step("contract", () =>
    checkContract(broker, bundles, claims, signed.kid, presented.request, nowSeconds()),
  );
  await step("ceilings", () => checkCeilings(broker.ceilings, claims));
  const view = await step("policy", () => readPolicy(broker, compiled));
  const pin = await step("view", () => checkPinned(broker, view, compiled));
  const seen = await step("state", (signal) => checkState(compiled, signal));
  return { kind: "checked", checked: { ...compiled, pin, seen, take: takeRequest(broker, compiled, presented, pin) } };
}

async function checkReplay(
  broker: Pick<Broker, "status" | "store" | "view">,
  claims: CertificateClaims,
  presented: Presented,
): Promise<Result<Execution | undefined>> {
  const known = await broker.store.lookup(claims.jti);
  if (!known.ok || known.value === undefined) return known;
  // What is known of a certificate is read like anything else: not by an agent that was revoked meanwhile.
  const word = await readVouched(broker);
  if (!word.ok) return word;
  const { sub: subject, cnf, bundle } = claims;
  const clean = checkCaller(word.value.view, { subject, jkt: cnf.jkt, bundle });
  if (!clean.ok) return clean;
  if (presented.request !== undefined && known.value.op === presented.op) return known;
  return fail("already_used", "the certificate was used for another operation", { facts: { cert_id: claims.jti } });
}

async function readPolicy(broker: Pick<Broker, "view">, compiled: Compiled): Promise<Result<View>> {
  const view = await broker.view.read();
  if (!view.ok) return view;
  const standing = checkPolicyInView(view.value, revocableOf(compiled.claims, compiled.signerKid));
  return standing.ok ? view : standing;
}

function checkPinned(broker: Pick<Broker, "status">, view: View, compiled: Compiled): Result<TakeRequest["pin"]> {
  const pin = broker.status.pin();
  if (!pin.ok) return pin;
  const { run_id, generation, min_seq } = pin.value;
  if (view.run_id !== run_id || view.generation !== generation) {
    return fail("store_discontinuity", "the store is not the one that the signed status names");
  }
  if (view.seq < min_seq)
    return fail("status_backwards", "the store's view is older than a signed status already seen");
  const standing = checkView(view, revocableOf(compiled.claims, compiled.signerKid));
  return standing.ok ? pin : standing;
}

const SETTLE_MS = 5000;

function takeRequest(
  broker: Pick<Broker, "ceilings" | "chain" | "config">,
  compiled: Compiled,
  presented: Presented,
  pin: TakeRequest["pin"],
): TakeRequest {
  const { claims } = compiled;
  const { config } = broker;
  return {
    pin,
    ...revocableOf(claims, compiled.signerKid),
    exp: claims.exp,
    once: claims.once,
    ceilings: rateCeilings(broker.ceilings, claims.resource),
    entry: {
      cert_id: claims.jti,
      certificate: presented.certificate,
      request: presented.request ?? { action: claims.action, resource: claims.resource, parameters: {} },
      op: presented.op,
      broker: config.instance,
      boot: broker.chain.boot,
      life_ms: claims.contract.timeout_seconds * 1000 + SETTLE_MS,
    },
  };
}

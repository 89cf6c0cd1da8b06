import { execFileSync } from "node:child_process";
import { digestBytes } from "@seb/canonical";
import { compile } from "@seb/catalogue";
import type { CertificateClaims, ExecutionRequest } from "@seb/schema";
import { publicOf } from "@seb/seal";
import { jws } from "./keys.js";
import { need } from "./need.js";
import { freshId, type World } from "./world.js";

export const RESOURCE = "service:checkout/region:us-east-1";
export const IMAGE = `sha256:${"c".repeat(64)}`;
const FILE = "apps/checkout/us-east-1/deployment.yaml";
const LIFE_SECONDS = 90;

/** The operation that every certificate here certifies, unless it is changed. */
export const OPERATION: ExecutionRequest = {
  action: "deploy",
  resource: RESOURCE,
  parameters: { image_digest: IMAGE, replicas: 12 },
};

/** The precondition of the target as it is now. */
export function preconditionNow(world: World): Readonly<Record<string, string>> {
  const blob = execFileSync("git", [`--git-dir=${world.gitops.url}`, "rev-parse", `main:${FILE}`], {
    encoding: "utf8",
  });
  return { [`blob:${FILE}`]: blob.trim() };
}

/** Claims as the signer would make them now, with changes; `contract` follows from the changed scope unless it is changed itself. */
export function claimsOf(world: World, changes: Partial<CertificateClaims> = {}): CertificateClaims {
  const now = Math.floor(world.clock.nowMs() / 1000);
  const scope = changes.scope ?? { image_digest: IMAGE, max_replicas: 12 };
  const contract = need(compile(world.control.bundle, "deploy", RESOURCE, scope, preconditionNow(world)));
  return {
    ver: 1,
    jti: freshId("c_"),
    iss: "signer:dev",
    aud: "broker:dev",
    sub: "agent:oncall-v3",
    iat: now,
    nbf: now,
    exp: now + LIFE_SECONDS,
    action: "deploy",
    resource: RESOURCE,
    scope,
    contract,
    bundle: world.control.digest,
    evidence: { digest: digestBytes("none"), facts: {} },
    policy: { id: "auto-low-risk-v2", also: [], epoch: 0 },
    epochs: { global: world.epochs.global, subject: 0 },
    tier: 1,
    mode: "enforce",
    once: [],
    cnf: { jkt: publicOf(world.keys.agent).kid },
    ...changes,
  };
}

/** A certificate signed with the signer's key. */
export function certify(world: World, changes: Partial<CertificateClaims> = {}): { token: string; id: string } {
  const claims = claimsOf(world, changes);
  return { token: jws(world.keys.certificate, "seb-cert+jwt", claims), id: claims.jti };
}

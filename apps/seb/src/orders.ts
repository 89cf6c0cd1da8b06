import { randomBytes } from "node:crypto";
import { base32Id } from "@seb/canonical";
import { fail, type OrderAnswer, type OrderBody, type Result } from "@seb/schema";
import { createSealer, type KeyFile, publicOf } from "@seb/seal";
import type { Trust } from "@seb/verify-core";
import { sendOrder } from "./api.js";
import type { Invocation } from "./command.js";
import { readKey } from "./key-files.js";
import { done, type Outcome, refused } from "./outcome.js";
import { loadTrust } from "./trust-file.js";

const LIFE_SECONDS = 300;
const MAX_REASON = 500;

/** An operator's key and the environment that the trust file gives it. */
export interface Operator {
  readonly key: KeyFile;
  readonly audience: string;
}

function operatorOf(path: string, trust: Trust): Result<Operator> {
  const key = readKey(path, "order");
  if (!key.ok) return key;
  const trusted = trust.find("seb-order+jws", publicOf(key.value).kid);
  if (trusted !== undefined) return { ok: true, value: { key: key.value, audience: trusted.aud } };
  return fail("token_key_unknown", `the trust file has no operator with the key ${path}`);
}

/** The operators whose keys are at hand, at most `atMost`, in the order given. */
export async function operatorsOf({ settings, io }: Invocation, atMost: number): Promise<Result<readonly Operator[]>> {
  const paths = settings.operators().slice(0, atMost);
  if (paths.length === 0)
    return fail("setting_missing", "give --operator or SEB_OPERATOR_KEYS: an operator's key file");
  const trust = await loadTrust(settings, io.nowMs());
  if (!trust.ok) return trust;
  const operators: Operator[] = [];
  for (const path of paths) {
    const operator = operatorOf(path, trust.value);
    if (!operator.ok) return operator;
    operators.push(operator.value);
  }
  return { ok: true, value: operators };
}

/** Signs one order. */
export async function signOrder(operator: Operator, order: OrderBody, reason: string, nowMs: number): Promise<string> {
  const sealer = await createSealer("order", operator.key);
  if (!sealer.ok) throw new TypeError("an operator's key file was checked before");
  const iat = Math.floor(nowMs / 1000);
  return sealer.value.seal({
    ver: 1,
    jti: base32Id("o_", new Uint8Array(randomBytes(17))),
    aud: operator.audience,
    sub: operator.key.name,
    iat,
    exp: iat + LIFE_SECONDS,
    order,
    reason,
  });
}

/** The `--reason` flag: one line that stands in the journal for good. */
export function reasonOf({ flags }: Invocation): Result<string> {
  const { reason } = flags;
  if (typeof reason !== "string" || reason === "")
    return fail("usage", "--reason is required: it stands in the journal");
  return reason.length <= MAX_REASON && !/[\u0000-\u001f\u007f]/.test(reason)
    ? { ok: true, value: reason }
    : fail("usage", `--reason is one line of at most ${MAX_REASON} characters`);
}

/**
 * Signs and sends an order with one operator's key after the other until it is applied. `needed` 1: only the first signs.
 * With one key where two are needed the outcome is `order_pending` (exit 4): the second operator runs the same command.
 */
export async function giveOrder(
  invocation: Invocation,
  order: OrderBody,
  needed: 1 | 2,
  say: (answer: OrderAnswer) => string,
): Promise<Outcome> {
  const reason = reasonOf(invocation);
  if (!reason.ok) return refused(reason.error);
  const operators = await operatorsOf(invocation, needed);
  if (!operators.ok) return refused(operators.error);
  let last: Outcome = refused(fail("setting_missing", "no operator").error);
  for (const operator of operators.value) {
    const token = await signOrder(operator, order, reason.value, invocation.io.nowMs());
    const answer = await sendOrder(invocation, token);
    if (answer.ok) return done({ ok: true, ...answer.value }, say(answer.value));
    last = refused(answer.error);
    if (answer.error.code !== "order_pending") return last;
  }
  return last;
}

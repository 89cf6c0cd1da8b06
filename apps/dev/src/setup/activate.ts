import { randomBytes } from "node:crypto";
import { base32Id, readJson } from "@seb/canonical";
import { bundlePath, writeWhole } from "@seb/mounts";
import { fail, OrderAnswer, Problem, type Result, validate, WIRE_NOW } from "@seb/schema";
import { createSealer } from "@seb/seal";
import type { Clock } from "@seb/service-kit";
import { DevError, need } from "../failure.js";
import { type Layout, NAMES } from "../layout.js";
import { packControl } from "./control.js";
import { readDevKey } from "./keys.js";

const ORDER_LIFE_SECONDS = 300;
const ANSWER_TIMEOUT_MS = 5000;

async function giveOrder(
  layout: Layout,
  operator: "operator-alice" | "operator-bob",
  digest: string,
  to: { readonly revocation: string; readonly clock: Clock },
): Promise<Result<OrderAnswer | Problem>> {
  const sealer = need(await createSealer("order", await readDevKey(layout, operator)), operator);
  const iat = Math.floor(to.clock.nowMs() / 1000);
  const order = await sealer.seal({
    ver: 1,
    jti: base32Id("o_", new Uint8Array(randomBytes(17))),
    aud: NAMES.environment,
    sub: sealer.name,
    iat,
    exp: iat + ORDER_LIFE_SECONDS,
    order: { do: "activate", bundle: digest, wire: WIRE_NOW },
    reason: "first start of this folder",
  });
  const response = await fetch(`${to.revocation}/v1/orders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ order }),
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  const answer = readJson(new Uint8Array(await response.arrayBuffer()), { maxBytes: 1_048_576, maxDepth: 8 });
  if (!answer.ok) return fail("answer_invalid", "the revocation service's answer is not JSON");
  return response.status === 200
    ? validate(OrderAnswer, answer.value, "answer_invalid")
    : validate(Problem, answer.value, "answer_invalid");
}

/** Packs the control folder, installs the bundle and activates it by the signed orders of two operators. Answers its digest. */
export async function activateControl(layout: Layout, revocation: string, clock: Clock): Promise<string> {
  const { bundle, text } = need(await packControl(layout.control), "control");
  await writeWhole(bundlePath(layout.bundles, bundle.digest), text);
  const to = { revocation, clock };
  const first = need(await giveOrder(layout, "operator-alice", bundle.digest, to), "first order");
  if (!("code" in first) || first.code !== "order_pending") throw refused("first", first);
  const second = need(await giveOrder(layout, "operator-bob", bundle.digest, to), "second order");
  if ("code" in second || second.bundle !== bundle.digest) throw refused("second", second);
  return bundle.digest;
}

function refused(which: string, answer: OrderAnswer | Problem): DevError {
  const code = "code" in answer ? answer.code : "unexpected";
  return new DevError(
    fail("order_invalid", `activating the control bundle: the ${which} order was answered ${code}`).error,
  );
}

import { createTransport, type Transport } from "@seb/client";
import { createDeadline, type Deadline } from "@seb/concurrency";
import { fail, ok, type Result } from "@seb/schema";
import Type from "typebox";
import { baseOf } from "./api.js";
import type { Invocation } from "./command.js";
import type { Refused } from "./outcome.js";

const SERVICES = ["signer", "broker", "revocation"] as const;
type Service = (typeof SERVICES)[number];

interface Running {
  readonly service: Service;
  readonly url: string;
}

/** A service of another version may say more, or nothing, of what it opens. */
const Ready = Type.Object({ wire: Type.Optional(Type.Array(Type.Integer(), { maxItems: 1000 })) });

/** The longest that all services together may take to answer, in milliseconds. */
const ASK_MS = 3000;

const texts = (value: unknown): readonly string[] => {
  const given = Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : [];
  return given.flatMap((text) => text.split(",")).filter((text) => text !== "");
};

/** The services that the settings name: those that are running, as far as this operator knows. */
function runningOf({ settings, flags }: Invocation): Result<readonly Running[]> {
  const running: Running[] = [];
  for (const service of SERVICES) {
    const given = texts(flags[`${service}Url`]);
    const urls = given.length > 0 ? given : texts(settings.find(`${service}Url`)?.value);
    for (const text of urls) {
      const base = baseOf(text, service);
      if (!base.ok) return base;
      running.push({ service, url: base.value });
    }
  }
  return ok(running);
}

type Found = { readonly ok: true } | { readonly ok: false; readonly error: Refused };

const named = ({ service, url }: Running) => `${service} at ${url}`;

/** What one service lists, whether it is ready or not: an activation may be what it waits for. */
async function askOne(transport: Transport, one: Running, wire: number, deadline: Deadline): Promise<Found> {
  const { service, url } = one;
  const call = { service, method: "GET", url: `${url}/readyz`, headers: {} } as const;
  const answer = await transport.call(call, Ready, deadline);
  const said: unknown = answer.ok ? answer.value.wire : answer.error.problem?.facts?.wire;
  if (Array.isArray(said)) {
    // In the facts of a problem numbers are texts.
    const listed = said.map(Number);
    if (listed.includes(wire)) return { ok: true };
    const facts = { service, url, lists: listed.join(", "), needed: wire };
    return fail("wire_not_opened", `The ${named(one)} opens wire ${listed.join(", ")}, not ${wire}.`, { facts });
  }
  const facts = { service, url, needed: wire };
  if (answer.ok || answer.error.problem !== undefined)
    return fail("wire_not_opened", `The ${named(one)} does not say which wire it opens.`, { facts });
  const remedy = `Start the ${service}, or name it: --without ${service}. Then nothing is known of what it opens.`;
  const { code } = answer.error;
  return {
    ok: false,
    error: { ...fail(code, `The ${named(one)} was not asked what it opens.`, { facts }).error, remedy },
  };
}

/**
 * Asks every running service that the settings name whether it opens this generation of the wire. Refused with `wire_not_opened` when one
 * does not list it or says nothing, with `unreachable` or `no_answer` when one cannot be asked and `--without` does not name it.
 */
export async function checkWire(invocation: Invocation, wire: number): Promise<Found> {
  const { flags, io, deadline } = invocation;
  const running = runningOf(invocation);
  if (!running.ok) return running;
  const without = texts(flags.without);
  const strange = without.find((name) => !SERVICES.some((service) => service === name));
  if (strange !== undefined)
    return fail("usage", `--without names one of ${SERVICES.join(", ")}`, { facts: { found: strange.slice(0, 40) } });
  const asked = running.value;
  for (const service of SERVICES) {
    if (!asked.some((one) => one.service === service))
      io.err(`note: no address of a ${service} is known (--${service}-url): it is not asked what it opens\n`);
  }
  const transport = createTransport();
  const span = createDeadline(Math.min(ASK_MS, deadline.remainingMs() / 2));
  try {
    const found = await Promise.all(asked.map((one) => askOne(transport, one, wire, span)));
    // Only a service that gave no answer can be left out: what one says of itself, no flag overrides.
    for (const [at, one] of found.entries()) {
      const service = asked[at]?.service;
      if (one.ok || one.error.code === "wire_not_opened" || service === undefined || !without.includes(service))
        continue;
      io.err(`note: the ${service} does not answer, so it is not known what it opens\n`);
      found[at] = { ok: true };
    }
    return found.find((one) => !one.ok) ?? { ok: true };
  } finally {
    span.clear();
    await transport.close();
  }
}

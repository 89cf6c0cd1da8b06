import { CertId, fail, outcomeOf, validate } from "@seb/schema";
import type { Io } from "../io.js";
import { plain } from "../report.js";
import { type Outcome, openSession, withAgent } from "../session.js";
import type { CommonFlags } from "../settings/settings.js";
import { at, executionText } from "./execution-view.js";
import type { Given } from "./flags.js";

export interface ExecutionsFlags extends CommonFlags {
  readonly state?: string;
  readonly limit?: string;
}

/** `broker-cli executions [cert_id]`: one execution's state, or a list. */
export async function executions(io: Io, given: Given<ExecutionsFlags>): Promise<Outcome> {
  const [certId, ...more] = given.rest;
  if (more.length > 0) return fail("usage", "at most one certificate id");
  const session = openSession(io, given.flags);
  if (!session.ok) return session;
  return withAgent(session.value, ["broker"], async (agent): Promise<Outcome> => {
    if (certId !== undefined) {
      if (!validate(CertId, certId, "usage").ok) return fail("usage", "a certificate id is c_ and 26 characters");
      const one = await agent.execution(certId, session.value.left());
      if (!one.ok) return one;
      const { value } = one;
      return { ok: true, value: { text: executionText(value), json: value, exit: outcomeOf(value.state).exit } };
    }
    const { state = "recent", limit = "50" } = given.flags;
    if (state !== "open" && state !== "unknown" && state !== "recent")
      return fail("usage", "--state is open, unknown or recent");
    if (!/^[1-9][0-9]{0,2}$/.test(limit) || Number(limit) > 200) return fail("usage", "--limit is 1 to 200");
    const list = await agent.executions({ state, limit: Number(limit) }, session.value.left());
    if (!list.ok) return list;
    const lines = list.value.executions.map((answer) => {
      const result = Object.entries(answer.result).map(([name, value]) => `${name}=${value}`);
      const words = [answer.cert_id, answer.state, at(answer.decided_at_ms), answer.subject, answer.action];
      return `${plain([...words, answer.resource, ...result].join("  "))}\n`;
    });
    const notes = lines.length === 0 ? ["no executions"] : [];
    return { ok: true, value: { text: lines.join(""), json: list.value, notes } };
  });
}

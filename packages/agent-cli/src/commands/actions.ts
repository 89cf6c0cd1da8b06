import { fail, Name, validate } from "@seb/schema";
import type { Io } from "../io.js";
import { table } from "../report.js";
import { definitionOf, type Outcome, openSession, withReader } from "../session.js";
import { ownBounds } from "../settings/action-flags.js";
import { namesOf } from "../settings/lookup.js";
import type { CommonFlags } from "../settings/settings.js";
import { shapeOfAction } from "../settings/shape.js";
import type { Given } from "./flags.js";

/** `agent-cli actions [name]`: what may be proposed, or one action with the flags that follow from it. */
export async function actions(io: Io, given: Given<CommonFlags>): Promise<Outcome> {
  const [name, ...more] = given.rest;
  if (more.length > 0) return fail("usage", "one action at a time");
  if (name !== undefined && !validate(Name, name, "usage").ok) return fail("usage", "not the name of an action");
  const session = openSession(io, given.flags);
  if (!session.ok) return session;
  return withReader(session.value, ["signer"], async (reader): Promise<Outcome> => {
    if (name === undefined) {
      const list = await reader.actions(session.value.left());
      if (!list.ok) return list;
      const rows = list.value.actions.map((action): readonly [string, string] => [action.name, action.description]);
      return { ok: true, value: { text: table(rows), json: list.value } };
    }
    const answer = await definitionOf(reader, name, session.value.left());
    if (!answer.ok) return answer;
    const shape = shapeOfAction(answer.value);
    const text = table([
      ["action", answer.value.name],
      ["description", answer.value.description],
      ["tier", String(answer.value.tier)],
      ["connector", answer.value.connector],
      ["timeout", `${answer.value.timeout_seconds} s`],
      ["bundle", answer.value.bundle],
      ...[...shape.parameters].map(
        ([key, { type, description }]) => [namesOf(key).flag, `${type}  ${description}`] as const,
      ),
      ...ownBounds(shape).map((key) => {
        const bound = shape.bounds.get(key);
        return [namesOf(key).flag, `bound: ${bound?.bounds} ${bound?.by.replaceAll("_", " ")} this`] as const;
      }),
    ]);
    return { ok: true, value: { text, json: answer.value } };
  });
}

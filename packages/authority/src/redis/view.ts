import { fail, ok } from "@seb/schema";
import type { View, ViewReader, ViewWriter } from "../port.js";
import { VIEW_KEY } from "./keys.js";
import { type RedisLink, scriptOf } from "./link.js";
import { VIEW_SCRIPT } from "./lua/view.js";
import { failureOf, replyOf, unavailable } from "./reply.js";
import { infoFields } from "./settings.js";
import { viewFields, viewOf } from "./stored.js";

const SCRIPT = scriptOf(VIEW_SCRIPT);
const damaged = () => unavailable("What the store holds is no view.");

function runIdOf(info: unknown): string | undefined {
  return infoFields(String(info)).get("run_id");
}

/** Reads the view with the run id of the same server: no script, so that the signer needs no right to run one. */
export function viewReader(link: RedisLink): ViewReader {
  return {
    async read() {
      const [info, sent] = await link.together(["INFO", "server"], ["HGET", VIEW_KEY, "json"]);
      if (info?.kind !== "answer" || sent?.kind !== "answer") return unavailable();
      const view = sent.value === null ? undefined : viewOf(sent.value);
      if (sent.value !== null && view === undefined) return damaged();
      if (view === undefined || view.run_id !== runIdOf(info.value))
        return fail("store_discontinuity", "The store has no view of its present run.");
      return ok(view);
    },
  };
}

/** Writes the view: for the revocation service's user alone. */
export function viewWriter(link: RedisLink, confirmMs: number): ViewWriter {
  const stored = () => link.send("HGET", VIEW_KEY, "json");
  return {
    async runId() {
      const sent = await link.send("INFO", "server");
      const runId = sent.kind === "answer" ? runIdOf(sent.value) : undefined;
      return runId === undefined ? unavailable() : ok(runId);
    },
    async current() {
      const sent = await stored();
      if (sent.kind !== "answer") return unavailable();
      if (sent.value === null) return ok(undefined);
      const view = viewOf(sent.value);
      return view === undefined ? damaged() : ok(view);
    },
    async write(view: View) {
      const { generation, seq, epochs } = view;
      const args = [`${generation}`, `${seq}`, JSON.stringify(epochs), ...viewFields(view)];
      const sent = await link.run(SCRIPT, [VIEW_KEY], args);
      if (sent.kind === "unsure") {
        if (!(await link.usableWithin(confirmMs))) return unavailable();
        const found = await stored();
        return found.kind === "answer" && found.value === JSON.stringify(view) ? ok(undefined) : unavailable();
      }
      const reply = sent.kind === "answer" ? replyOf(sent.value) : undefined;
      if (reply === undefined) return unavailable();
      return reply[0] === "ok" ? ok(undefined) : failureOf(reply, ["status_backwards"]);
    },
  };
}

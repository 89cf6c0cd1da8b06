import type { CallFailure } from "@seb/client";
import { CODES } from "@seb/schema";
import pc from "picocolors";
import { type Io, wantsColour } from "./io.js";

const WORDS = ["done", "refused", "wrong use", "could not ask", "pending", "unknown"] as const;

/** Text from outside, fit for a terminal: no control characters. */
export function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, " ");
}

/** A failure as one JSON object. */
function failureJson(failure: CallFailure): Record<string, unknown> {
  const entry = CODES[failure.code];
  const { problem } = failure;
  return {
    code: failure.code,
    exit: entry.exit,
    title: entry.title,
    detail: plain(failure.detail),
    remedy: failure.remedy ?? entry.remedy,
    retry: entry.retry,
    ...(failure.certId === undefined ? {} : { cert_id: failure.certId }),
    ...(failure.service === undefined ? {} : { service: failure.service }),
    ...(failure.pointer === undefined ? {} : { pointer: failure.pointer }),
    ...(problem === undefined ? {} : { status: problem.status, request_id: problem.request_id }),
    ...(problem?.step === undefined ? {} : { step: problem.step }),
    ...(problem?.facts === undefined ? {} : { facts: problem.facts }),
  };
}

/** Writes a failure to standard error, with what can be done next. @returns the exit code. */
export function reportFailure(io: Io, failure: CallFailure, json: boolean): number {
  const entry = CODES[failure.code];
  if (json) {
    io.stderr(`${JSON.stringify({ error: failureJson(failure) })}\n`);
    return entry.exit;
  }
  const colours = pc.createColors(wantsColour(io, "stderr"));
  const { problem } = failure;
  const head = `${colours.red(WORDS[entry.exit])}: ${colours.bold(failure.code)} - ${entry.title}`;
  const lines = [head];
  const detail = plain(failure.detail);
  if (detail !== "" && detail !== entry.title) lines.push(`  ${detail}`);
  if (failure.certId !== undefined) lines.push(`  cert_id: ${failure.certId}`);
  if (failure.pointer) lines.push(`  field: ${plain(failure.pointer)}`);
  if (problem?.facts !== undefined) {
    // A receipt is for machines: it is in the JSON, and the job has kept it.
    const shown = Object.entries(problem.facts).filter(([name]) => name !== "receipt");
    for (const [name, value] of shown.slice(0, 20)) {
      lines.push(`  ${plain(name)}: ${plain(typeof value === "string" ? value : JSON.stringify(value)).slice(0, 500)}`);
    }
  }
  if (problem !== undefined) {
    const at = problem.step === undefined ? "" : `, at the step ${plain(problem.step)}`;
    lines.push(`  request: ${plain(problem.request_id)} (${failure.service ?? "service"}${at})`);
  }
  lines.push(`  ${colours.cyan("what to do:")} ${failure.remedy ?? entry.remedy}`);
  io.stderr(`${lines.join("\n")}\n`);
  return entry.exit;
}

/** Rows of names and values, aligned. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${plain(value)}\n`).join("");
}

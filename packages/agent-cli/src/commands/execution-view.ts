import type { ExecutionAnswer } from "@seb/schema";
import { table } from "../report.js";

export function at(ms: number | null): string {
  return ms === null ? "-" : new Date(ms).toISOString();
}

/** One execution, in rows. */
export function executionText(answer: ExecutionAnswer): string {
  return table([
    ["cert_id", answer.cert_id],
    ["state", answer.replayed ? `${answer.state} (replayed: nothing was done again)` : answer.state],
    ["action", answer.action],
    ["resource", answer.resource],
    ["subject", answer.subject],
    ...Object.entries(answer.parameters).map(([name, value]) => [`  ${name}`, String(value)] as const),
    ["decided_at", at(answer.decided_at_ms)],
    ["closed_at", at(answer.closed_at_ms)],
    ...Object.entries(answer.result).map(([name, value]) => [`  ${name}`, value] as const),
    ...(answer.code === null ? [] : [["code", answer.code] as const]),
  ]);
}

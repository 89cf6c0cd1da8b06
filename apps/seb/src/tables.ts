import type { RevocationsAnswer } from "@seb/schema";
import Table from "cli-table3";

const PLAIN = { style: { head: [], border: [], compact: true } };

/** A table without colour: heads, rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const made = new Table({ head: [...head], ...PLAIN });
  made.push(...rows.map((row) => [...row]));
  return `${made.toString()}\n`;
}

/** RFC 3339 in UTC, to the second. */
export function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** What stands revoked, in words. */
export function revocationsTable({ standing, epochs, bundle, seq }: RevocationsAnswer): string {
  const rows = standing.map(({ target, by, reason, at_ms, until }) => [
    target.kind,
    target.value,
    by,
    timeOf(at_ms),
    until === undefined ? "lifted" : timeOf(until * 1000),
    reason,
  ]);
  const stands =
    rows.length === 0 ? "nothing stands revoked\n" : table(["kind", "value", "by", "since", "until", "reason"], rows);
  const raised = [...Object.entries(epochs.subject), ...Object.entries(epochs.policy)];
  const others = raised.map(([name, epoch]) => `, ${name} ${epoch}`).join("");
  return `${stands}epochs: global ${epochs.global}${others}\nactive bundle: ${bundle ?? "none"}\nview: ${seq}\n`;
}

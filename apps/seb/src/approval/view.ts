import type { Contract, PendingAnswer } from "@seb/schema";
import { timeOf } from "../tables.js";

const TIERS = ["0 (harmless)", "1 (low)", "2 (high)", "3 (critical)"];

function plain(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What an approval would allow, in plain names and in the order in which a person asks. */
export function pendingView(request: PendingAnswer, contract: Contract | undefined): string {
  const { approvals, needed } = request;
  const rows: [string, string][] = [
    ["request", request.request],
    ["agent", request.subject],
    ["action", request.action],
    ["resource", request.resource],
    ...Object.entries(request.scope).map(([name, value]): [string, string] => [`  ${name}`, plain(value)]),
    ["tier", TIERS[request.tier] ?? String(request.tier)],
    ...(contract === undefined ? [] : operationRows(contract)),
    ["approved by", approvals.length === 0 ? `nobody yet, of ${needed}` : `${approvals.join(", ")}, of ${needed}`],
    ["until", timeOf(request.expires * 1000)],
    ["bundle", request.bundle],
    // The answer holds no more of it: ask the agent for the proposal whose digest this is.
    [
      "proposal",
      `${request.proposal} (its references and evidence, risk and live state are not in the signer's answer)`,
    ],
    ["contract", `${request.contract}${contract === undefined ? " (bundle not at hand: not compiled here)" : ""}`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join("");
}

function operationRows({ connector, target, operation, open }: Contract): [string, string][] {
  return [
    ["target", `${target} (${connector})`],
    ["operation", plain(operation)],
    ...Object.entries(open).map(([name, range]): [string, string] => [`  ${name}`, `open: ${plain(range)}`]),
  ];
}

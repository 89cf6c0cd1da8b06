import { type ExecutionReport, Receipt, validate } from "@seb/schema";
import { writePrivateJson } from "./files.js";

const FILE = "receipt.json";

/** What a later step of the job finds: the last execution's final outcome, as its broker recorded and signed it. */
export interface KeptReceipt {
  readonly ver: 1;
  readonly cert_id: string;
  readonly receipt: string;
}

/** The receipt in an answer, or in the facts of a refusal. */
export function receiptIn(from: Pick<ExecutionReport, "receipt"> | Readonly<Record<string, unknown>> | undefined) {
  const found = validate(Receipt, from?.receipt ?? null, "answer_invalid");
  return found.ok ? found.value : undefined;
}

/** Keeps a receipt for the job's later steps. */
export function keepReceipt(folder: string | undefined, certId: string, receipt: string | undefined): void {
  if (folder === undefined || receipt === undefined) return;
  const state: KeptReceipt = { ver: 1, cert_id: certId, receipt };
  try {
    writePrivateJson(folder, FILE, state);
  } catch {
    // The change is what it is: a folder that cannot be written must not make it look otherwise. The broker hands the receipt out again.
  }
}

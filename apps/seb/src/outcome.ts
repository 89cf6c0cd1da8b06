import { CODES, type Failure, sentencesOf } from "@seb/schema";
import type { Io } from "./io.js";

/** How a command ended: its exit code, what `--json` prints, what a person reads. */
export interface Outcome {
  readonly exit: number;
  /** Undefined when everything was printed already. */
  readonly json: unknown;
  readonly text: string;
}

export interface Refused extends Failure {
  /** What helps here, where the code's own remedy is too general. */
  readonly remedy?: string;
  /** The request id of the service that refused. */
  readonly requestId?: string;
}

/** Success: exit code 0. */
export function done(json: unknown, text: string): Outcome {
  return { exit: 0, json, text };
}

/** A failure with the exit code, title and remedy of its code, and a line for each mistake. */
export function refused(failure: Refused): Outcome {
  const { exit, title } = CODES[failure.code];
  const remedy = failure.remedy ?? CODES[failure.code].remedy;
  const { code, detail, pointer, facts, mistakes, requestId } = failure;
  const said = mistakes === undefined ? Object.entries(facts ?? {}) : [];
  const where = pointer === undefined || mistakes !== undefined ? "" : ` (${pointer})`;
  const lines = [
    `${code}: ${title}`,
    ...sentencesOf(failure).map((sentence) => `  ${sentence}${where}`),
    ...said.map(([name, value]) => `  ${name}: ${String(value)}`),
    ...(requestId === undefined ? [] : [`  request: ${requestId}`]),
    `  remedy: ${remedy}`,
  ];
  const json = {
    ok: false,
    code,
    title,
    detail,
    remedy,
    ...(pointer === undefined ? {} : { pointer }),
    ...(facts === undefined ? {} : { facts }),
    ...(mistakes === undefined ? {} : { mistakes }),
    ...(requestId === undefined ? {} : { request_id: requestId }),
  };
  return { exit, json, text: `${lines.join("\n")}\n` };
}

/** Prints an outcome: results to standard output, failures to standard error; JSON always to standard output. */
export function print(io: Io, outcome: Outcome, json: boolean): void {
  if (outcome.json === undefined) return;
  if (json) io.out(`${JSON.stringify(outcome.json)}\n`);
  else if (outcome.exit === 0) io.out(outcome.text);
  else io.err(outcome.text);
}

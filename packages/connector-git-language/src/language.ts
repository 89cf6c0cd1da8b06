import { type ConnectorLanguage, type LanguagePlan, type Looked, mistakeAt } from "@seb/connector-language";
import type { Contract, Mistake } from "@seb/schema";
import { readLive } from "./live.js";
import { readGit } from "./operation.js";
import { certifiedPaths, readPrecondition } from "./precondition.js";
import { readTarget } from "./target.js";

/** Stands for an operation that could not be read, so that live fields are looked at all the same. */
const UNREAD = { branch: undefined, edits: [{ path: "", format: "yaml", set: new Map() }] } as const;

/** What the git connector understands. */
export const gitLanguage: ConnectorLanguage = {
  name: "git",
  planMistakes,
  preconditionMistakes,
  targetMistakes: (entry) => {
    const read = readTarget(entry);
    return read.ok ? [] : read.mistakes;
  },
};

function planMistakes({
  operation: template,
  live,
  parameters,
  identity,
  reconcile,
}: LanguagePlan): readonly Mistake[] {
  const operation = readGit(template, { kind: "template", parameters });
  const fields = readLive(live, operation.ok ? operation.value : UNREAD);
  const words: Mistake[] = [];
  if (identity !== "held")
    words.push(mistakeAt("/identity", identity, "held: a git host has no credential for one push"));
  if (reconcile !== "exact") words.push(mistakeAt("/reconcile", reconcile, "exact: each push leaves a marker"));
  return [...(operation.ok ? [] : operation.mistakes), ...(fields.ok ? [] : fields.mistakes), ...words];
}

function preconditionMistakes(
  { operation: template, live }: Looked,
  precondition: Contract["precondition"],
): readonly Mistake[] {
  const operation = readGit(template, { kind: "template", parameters: {} });
  if (!operation.ok) return operation.mistakes;
  const fields = readLive(live, operation.value);
  if (!fields.ok) return fields.mistakes;
  const read = readPrecondition(operation.value, precondition, certifiedPaths(operation.value, fields.value));
  return read.ok ? [] : read.mistakes;
}

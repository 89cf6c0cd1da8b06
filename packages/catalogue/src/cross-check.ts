import { actionMistakes } from "./action-mistakes.js";
import type { Draft } from "./draft.js";
import { holderMistakes } from "./holder-mistakes.js";
import { type FileMistake, inFile } from "./names.js";
import { modeMistakes, testMistakes, thresholdMistakes, windowMistakes } from "./policy-mistakes.js";
import { serviceMistakes, variableMistakes } from "./service-mistakes.js";

/** Mistakes that a file's schema cannot see: within one file, and in how files refer to each other. */
export function* draftMistakes(draft: Draft): Generator<FileMistake> {
  for (const [name, service] of draft.services) yield* inFile(`services/${name}.yaml`, serviceMistakes(service, draft));
  for (const [name, action] of draft.actions) {
    const file = `actions/${name}.yaml`;
    yield* inFile(file, actionMistakes(action));
    yield* inFile(file, variableMistakes(draft, name));
  }
  yield* holderMistakes(draft);
  const { windows, modes, thresholds, tests } = draft;
  if (windows !== undefined) yield* inFile("policy/windows.yaml", windowMistakes(windows, draft));
  if (modes !== undefined) yield* inFile("policy/modes.yaml", modeMistakes(modes, draft));
  if (thresholds !== undefined) yield* inFile("policy/thresholds.yaml", thresholdMistakes(thresholds, draft));
  for (const [file, all] of tests) yield* inFile(file, testMistakes(all, draft));
}

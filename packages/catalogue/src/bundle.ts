import { canonicalize, digest, readJson } from "@seb/canonical";
import { fail, failMistakes, type Mistake, ok, type Result } from "@seb/schema";
import type { Bundle } from "./bundle-contents.js";
import { ControlReader } from "./control-reader.js";
import { draftMistakes } from "./cross-check.js";
import { type Draft, readDraft } from "./draft.js";
import { type ControlFiles, MAX_BUNDLE_BYTES, pathsIn, sortFiles } from "./files.js";
import { languageMistakes } from "./language-check.js";

type PackCode = "bundle_unreadable" | "catalogue_invalid";

/**
 * Packs the texts of a control folder, by path relative to it, after reading and cross-checking every file.
 *
 * @param unread mistakes of files that are there but could not be read as text: they are told with the others, and what refers to such a
 *   file is not blamed.
 * @returns the digest (`seb-bundle-v1`) and the bundle's text, which is the RFC 8785 form of `{ver: 1, files}`; or
 *   `bundle_unreadable` (paths, sizes, missing files) or `catalogue_invalid` (contents), with every mistake of every file.
 */
export function packBundle(
  files: ControlFiles,
  unread: readonly Mistake[] = [],
): Result<{ digest: string; text: string }, PackCode> {
  const read = readBundle(files, unread);
  if (!read.ok) return read;
  return ok({ digest: read.value.digest, text: canonicalize({ ver: 1, files: { ...files } }) });
}

/**
 * Opens a packed bundle: the text must be the very one that `packBundle` makes and have the expected digest, and everything
 * in it is checked again. Any failure is `bundle_invalid`, with every mistake of every file.
 */
export function openBundle(text: string, expectedDigest: string): Result<Bundle, "bundle_invalid"> {
  // Escapes make JSON longer than what it says, at most sixfold.
  const read = readJson(text, { maxBytes: MAX_BUNDLE_BYTES * 6, maxDepth: 3 });
  if (!read.ok) return fail("bundle_invalid", `not readable: ${read.error.code}`);
  const files = filesOf(read.value);
  if (files === undefined || canonicalize(read.value) !== text) return fail("bundle_invalid", "not a packed bundle");
  if (digest("bundle", read.value) !== expectedDigest) return fail("bundle_invalid", "the digest differs");
  const bundle = readBundle(files, []);
  if (bundle.ok) return bundle;
  const { detail, ...more } = bundle.error;
  return fail("bundle_invalid", detail, more);
}

function filesOf(value: unknown): ControlFiles | undefined {
  if (typeof value !== "object" || value === null || Object.keys(value).sort().join() !== "files,ver") return undefined;
  const { ver, files } = value as { ver: unknown; files: unknown };
  if (ver !== 1 || typeof files !== "object" || files === null || Array.isArray(files)) return undefined;
  return Object.values(files).every((text) => typeof text === "string") ? (files as ControlFiles) : undefined;
}

/** Reads every file that can be read and looks for mistakes in each and between them: all are told at once. */
function readBundle(files: ControlFiles, unread: readonly Mistake[]): Result<Bundle, PackCode> {
  const { mistakes: misplaced, readable, paths } = sortFiles(files, unread);
  const reader = new ControlReader(readable);
  const draft = readDraft(reader, Object.keys(readable), paths);
  for (const { file, ...mistake } of draftMistakes(draft)) reader.add(file, mistake);
  for (const { file, field = "", ...mistake } of languageMistakes(draft)) reader.add(file, { field, ...mistake });
  const mistakes: Mistake[] = [...misplaced, ...reader.mistakes()];
  const [first, ...rest] = mistakes;
  if (first !== undefined)
    return failMistakes(misplaced.length > 0 ? "bundle_unreadable" : "catalogue_invalid", [first, ...rest]);
  return whole(draft, files);
}

/** The bundle of a draft without mistakes. */
function whole(draft: Draft, files: ControlFiles): Result<Bundle, PackCode> {
  const { actions, services, agents, people, roots, windows, modes, thresholds } = draft;
  if (windows === undefined || modes === undefined || thresholds === undefined)
    return fail("bundle_unreadable", "A policy file is missing.");
  const policies = pathsIn(Object.keys(files), "policy", ".cedar").map((file) =>
    Object.freeze({ file, text: files[file] ?? "" }),
  );
  return ok(
    Object.freeze({
      digest: digest("bundle", { ver: 1, files: { ...files } }),
      actions,
      services,
      agents,
      people,
      roots,
      windows,
      modes,
      thresholds,
      policies: Object.freeze(policies),
      policyTests: Object.freeze([...draft.tests.values()].flat()),
    }),
  );
}

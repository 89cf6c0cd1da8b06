import { becomes, drop, mutantsOf, never } from "./mutant.mjs";

const BUNDLE = "packages/catalogue/src/bundle.ts";
const FOLDER = "apps/seb/src/control-folder.ts";

/** Control folders, before anything is activated. */
export const CONTROL = mutantsOf("a-broken-control-folder-is-never-activated", [
  ["a bundle may have mistakes", "only", never(BUNDLE, "readBundle", "first !== undefined")],
  [
    "files are not checked against each other",
    "only",
    drop(BUNDLE, "readBundle", "for (const { file, ...mistake } of draftMistakes(draft)) reader.add(file, mistake);"),
  ],
  [
    "only the first mistake is told",
    "only",
    becomes("packages/schema/src/fail-mistakes.ts", "failMistakes", "mistakes.slice(0, MAX_MISTAKES)", "[first]"),
  ],
  ["a link in a control folder counts as a file", "only", never(FOLDER, "textOf", "!isFile")],
  ["bytes that are not UTF-8 are replaced unseen", "only", never(FOLDER, "textOf", "!isUtf8(bytes)")],
]);

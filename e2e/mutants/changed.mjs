// Which mutants a change of the checkout concerns, by git.
import { spawnSync } from "node:child_process";
import { testOf } from "./standing.mjs";

const CHECKS = "e2e/mutants/checks";
/** Branches that others leave, the nearest first. */
const TRUNKS = ["main", "origin/main"];

function git(root, args) {
  const { status, stdout, stderr } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  return status === 0 ? { out: stdout.trim() } : { why: stderr.trim() };
}

/** The commit that `given` names; without one, where this branch left main, or on main itself the commit before. */
function baseOf(root, given) {
  if (given !== "") {
    const { out, why } = git(root, ["rev-parse", "--verify", "--quiet", `${given}^{commit}`]);
    if (out === undefined) throw new TypeError(`--changed: git knows no commit "${given}" ${why}`.trim());
    return { commit: out, about: given };
  }
  const head = git(root, ["rev-parse", "HEAD"]).out;
  for (const trunk of TRUNKS) {
    const { out } = git(root, ["merge-base", "HEAD", trunk]);
    if (out !== undefined && out !== head) return { commit: out, about: `where this branch left ${trunk}` };
  }
  const { out } = git(root, ["rev-parse", "--verify", "--quiet", "HEAD~1"]);
  if (out === undefined) throw new TypeError("--changed: there is no earlier commit; name one");
  return { commit: out, about: "the commit before this one" };
}

const lines = (text) => text.split("\n").filter((line) => line !== "");

/** What differs from a commit, committed or not: `files`, and the text that was added to the list of mutants. */
function differences(root, commit) {
  const known = git(root, ["diff", "--name-only", "--no-renames", commit]).out;
  const added = git(root, ["diff", "--unified=0", commit, "--", CHECKS]).out;
  const fresh = git(root, ["ls-files", "--others", "--exclude-standard"]).out;
  if (known === undefined || fresh === undefined || added === undefined)
    throw new TypeError("--changed: git diff failed");
  const entries = lines(added).filter((line) => line.startsWith("+"));
  return { files: new Set([...lines(known), ...lines(fresh)]), entries: entries.join("\n") };
}

/**
 * The mutants of which a source, the test or the entry's name differs from the base; `about` says which base that is.
 * @param standings where each mutant's conditions stand now
 */
export function changedMutants(root, given, mutants, standings) {
  const { commit, about } = baseOf(root, given);
  const { files, entries } = differences(root, commit);
  const concerns = (mutant) => {
    const now = [...(standings.get(mutant.name)?.files?.keys() ?? [])];
    const named = mutant.edits.map(({ file }) => file);
    const mine = [...now, ...named, `e2e/tests/${testOf(mutant)}.test.ts`];
    return mine.some((file) => files.has(file)) || entries.includes(JSON.stringify(mutant.name));
  };
  return { about: `${about} (${commit.slice(0, 12)})`, mutants: mutants.filter(concerns) };
}

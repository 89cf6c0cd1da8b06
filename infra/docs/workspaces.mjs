import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../process.mjs";
import { code, generated, page, table } from "./parts/markdown.mjs";

export const file = "docs/workspaces.md";

const read = (path) => JSON.parse(readFileSync(join(root, path), "utf8"));

function workspaces() {
  const folders = ["packages", "apps"].flatMap((group) =>
    readdirSync(join(root, group))
      .sort()
      .map((name) => `${group}/${name}`),
  );
  return [...folders, "e2e"].flatMap((folder) => {
    try {
      const { description } = read(`${folder}/package.json`);
      const [tag] = read(`${folder}/turbo.json`).tags ?? [];
      return [{ folder, description, tag }];
    } catch (error) {
      if (error.code === "ENOENT") return [];
      throw error;
    }
  });
}

const INTRO = `Every workspace has one tag; \`infra/boundaries.json\` says which tags a tag may reach, through any number of steps. \`turbo boundaries\` and
\`infra/boundaries.test.mjs\` check it, the latter from the real imports of every file. Only tests may import the test kit.`;

export function render() {
  const { reaches, reachedBy } = read("infra/boundaries.json");
  const rows = workspaces().map(({ folder, description, tag }) => [code(folder), description, tag ?? ""]);
  const rules = Object.entries(reaches).map(([tag, allowed]) => [
    tag,
    allowed.join(", ") || "nothing",
    reachedBy[tag]?.join(", ") ?? (reachedBy[tag] ? "nothing" : "whoever may reach it"),
  ]);
  return page(
    "# Workspaces and what they may reach",
    generated("workspaces.mjs"),
    INTRO,
    table(["folder", "what it is", "tag"], rows),
    "## Rules",
    table(
      ["tag", "may reach", "may be reached by"],
      rules.map(([tag, to, by]) => [tag, to, by || "nothing"]),
    ),
  );
}

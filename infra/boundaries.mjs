// The dependency rules of boundaries.json, checked on a plain description of the workspaces: see `readWorkspaces` for where that comes from.
import { builtinModules } from "node:module";

/**
 * @typedef {object} Source  One file: `path` inside the workspace, `lines`, `test` (or a contract suite, which tests run),
 *   `imports` (specifiers as written), `names` (identifiers), `members` ("Date.now"), `globals` (identifiers read as values; "Date()" when the clock is read).
 * @typedef {object} Workspace  `name`, `tag`, `dependencies` (names of all that package.json grants), `files` (top-level names), `sources`.
 */

/** `@seb/records/contract` to `@seb/records`; undefined for a relative path. Built-in modules answer `node:fs`. */
export function packageOf(specifier) {
  if (specifier.startsWith(".") || specifier.startsWith("/") || specifier.startsWith("#")) return undefined;
  if (specifier.startsWith("node:") || builtinModules.includes(specifier))
    return `node:${specifier.replace(/^node:/, "")}`;
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** Every broken rule as one sentence; none when all hold. */
export function violations(rules, workspaces) {
  const byName = new Map(workspaces.map((workspace) => [workspace.name, workspace]));
  return [
    ...workspaces.flatMap((workspace) => ungrantedImports(rules, workspace, byName)),
    ...workspaces.flatMap((workspace) => forbiddenReach(rules, workspace, byName)),
    ...workspaces.flatMap((workspace) => forbiddenNames(rules, workspace)),
    ...workspaces
      .filter(({ name }) => rules.pure.workspaces.includes(name))
      .flatMap((workspace) => impurities(rules, workspace)),
    ...workspaces.flatMap((workspace) => brokenLimits(rules, workspace)),
  ];
}

function ungrantedImports(rules, workspace, byName) {
  const found = [];
  for (const source of workspace.sources) {
    for (const specifier of source.imports) {
      const target = packageOf(specifier);
      if (target === undefined) {
        if (leavesWorkspace(source.path, specifier))
          found.push(`${where(workspace, source)} imports ${specifier}, outside its workspace`);
        continue;
      }
      if (target.startsWith("node:") || target === workspace.name || workspace.dependencies.includes(target)) continue;
      if (source.test && rules.testTools.includes(target)) continue;
      const what = byName.has(target) ? "the workspace" : "the package";
      found.push(`${where(workspace, source)} imports ${what} ${target}, which its package.json does not name`);
    }
  }
  return found;
}

function leavesWorkspace(path, specifier) {
  if (!specifier.startsWith(".")) return specifier.startsWith("/");
  const parts = path.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return true;
    } else if (part !== ".") parts.push(part);
  }
  return false;
}

/** Walks what package.json grants and what sources really import, since either alone is enough to get hold of something. */
function forbiddenReach(rules, workspace, byName) {
  if (rules.reaches[workspace.tag] === undefined)
    return [`${workspace.name} has no known tag (${workspace.tag ?? "none"})`];
  const found = [];
  const cameFrom = new Map([[workspace.name, undefined]]);
  const queue = [workspace];
  for (let current = queue.shift(); current !== undefined; current = queue.shift()) {
    for (const name of neighbours(rules, current)) {
      const next = byName.get(name);
      if (next === undefined || cameFrom.has(name)) continue;
      cameFrom.set(name, current.name);
      queue.push(next);
      const denied = rules.reachedBy[next.tag]?.includes(workspace.tag) === false;
      if (rules.reaches[workspace.tag].includes(next.tag) && !denied) continue;
      found.push(
        `${workspace.name} (${workspace.tag}) reaches ${name} (${next.tag}): ${pathTo(name, cameFrom).join(" > ")}`,
      );
    }
  }
  return found;
}

/** The tools of tests count only where something shipped gets hold of them. */
function neighbours(rules, workspace) {
  const imported = workspace.sources.flatMap(({ imports, test }) =>
    imports.map(packageOf).filter((name) => !(test && rules.testTools.includes(name))),
  );
  return new Set([...workspace.dependencies, ...imported]);
}

function pathTo(name, cameFrom) {
  const path = [];
  for (let step = name; step !== undefined; step = cameFrom.get(step)) path.unshift(step);
  return path;
}

function forbiddenNames(rules, workspace) {
  const banned = rules.forbiddenNames.filter((rule) => rule.workspace === workspace.name);
  return banned.flatMap(({ names, why }) =>
    shipped(workspace).flatMap((source) =>
      source.names
        .filter((name) => names.includes(name))
        .map((name) => `${where(workspace, source)} uses ${name}: ${why}`),
    ),
  );
}

function impurities({ pure }, workspace) {
  const modules = new Set(pure.modules.flatMap((name) => [name, `node:${name}`]));
  return shipped(workspace).flatMap((source) => [
    ...source.imports
      .filter((specifier) => modules.has(specifier))
      .map((specifier) => `${where(workspace, source)} imports ${specifier}: it must stay pure`),
    ...source.globals
      .filter((name) => name === "Date()" || pure.globals.includes(name))
      .map((name) => `${where(workspace, source)} uses ${name}: it must stay pure`),
    ...source.members
      .filter((name) => pure.members.includes(name))
      .map((name) => `${where(workspace, source)} uses ${name}: it must stay pure`),
  ]);
}

function brokenLimits(rules, workspace) {
  const sources = shipped(workspace);
  if (sources.length === 0) return [];
  const lines = sources.reduce((sum, source) => sum + source.lines, 0);
  return rules.limits
    .filter((limit) => limit.workspace === workspace.name)
    .flatMap(({ sourceLines, needs }) => [
      ...(lines > sourceLines ? [`${workspace.name} has ${lines} source lines; ${sourceLines} are allowed`] : []),
      ...(workspace.files.includes(needs) ? [] : [`${workspace.name} has no ${needs}`]),
    ]);
}

const shipped = (workspace) => workspace.sources.filter((source) => !source.test);
const where = (workspace, source) => `${workspace.name} ${source.path}`;

// Circles of imports among the files of one workspace: whoever reads one file of a circle has to read them all.
import { posix } from "node:path";

/** The path inside the workspace that a relative specifier names. */
function targetOf(path, specifier) {
  return posix.normalize(posix.join(posix.dirname(path), specifier)).replace(/\.js$/, ".ts");
}

function graphOf({ sources }) {
  const paths = new Set(sources.map(({ path }) => path));
  const relative = ({ path, imports }) =>
    imports.filter((specifier) => specifier.startsWith(".")).map((specifier) => targetOf(path, specifier));
  return new Map(sources.map((source) => [source.path, relative(source).filter((path) => paths.has(path))]));
}

/** The shortest way from a file back to itself; undefined when there is none. */
function wayBack(graph, start) {
  const cameFrom = new Map();
  const queue = [start];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const next of graph.get(at) ?? []) {
      if (next === start) {
        const way = [start];
        for (let step = at; step !== start; step = cameFrom.get(step)) way.unshift(step);
        return [start, ...way];
      }
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, at);
      queue.push(next);
    }
  }
  return undefined;
}

/**
 * Every circle once, as one sentence with its way. Type imports count: they bind a reader as much as a module loader.
 *
 * @param workspaces as `readWorkspaces` gives them (see boundaries.mjs).
 */
export function circles(workspaces) {
  const found = [];
  for (const workspace of workspaces) {
    const graph = graphOf(workspace);
    const told = new Set();
    for (const path of [...graph.keys()].sort()) {
      const way = told.has(path) ? undefined : wayBack(graph, path);
      if (way === undefined) continue;
      for (const step of way) told.add(step);
      found.push(`${workspace.name}: ${way.join(" > ")}`);
    }
  }
  return found;
}

// Documents stay true where that can be checked: links lead somewhere, and a promise that names its test names one that exists.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { root } from "./process.mjs";

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)));

const FENCED = /^```[\s\S]*?^```/gm;
const read = (file) => readFileSync(join(root, file), "utf8").replaceAll(FENCED, "");
const isLocal = (target) => !/^(?:[a-z]+:|#)/.test(target);

/** Targets of `[text](target)` and `[name]: target`, without their fragment. */
function targetsIn(text) {
  const inline = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
  const defined = [...text.matchAll(/^\[[^\]]+\]: (\S+)$/gm)].map(([, target]) => target);
  return [...inline, ...defined].filter(isLocal).map((target) => target.split("#")[0]);
}

/** Tests that a text names: `[file] "title"; "another title of it"`, by the definitions at its end. */
function titlesIn(text) {
  const places = new Map([...text.matchAll(/^\[([^\]]+)\]: (\S+\.test\.ts)$/gm)].map(([, name, path]) => [name, path]));
  const found = [];
  // A paragraph or a row of a table speaks of the file that it named last.
  for (const block of text.split(/\n\n|\n(?=\|)/)) {
    let path;
    for (const [, name, title] of block.replaceAll(/\s+/g, " ").matchAll(/\[([a-z-]+)\](?!:)|"([^"]+)"/g)) {
      if (name !== undefined) path = places.get(name);
      else if (path !== undefined) found.push({ path, title });
    }
  }
  return found;
}

describe.each(files)("%s", (file) => {
  it("leads nowhere that does not exist", () => {
    const dead = targetsIn(read(file)).filter((target) => !existsSync(join(root, dirname(file), target)));
    expect(dead).toEqual([]);
  });
});

it("SECURITY.md names tests that exist", () => {
  const named = titlesIn(read("SECURITY.md"));
  const missing = named.filter(({ path, title }) => !read(path).replaceAll(/\s+/g, " ").includes(title));
  expect(named.length).toBeGreaterThan(50);
  expect(missing).toEqual([]);
});

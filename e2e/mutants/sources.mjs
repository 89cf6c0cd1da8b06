// The sources of what ships, read when they are asked for.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { parse, tokensOf } from "./syntax.mjs";

/** Folders whose workspaces ship, and folders of settings that ship as they are. */
const GROUPS = ["apps", "packages"];
const SETTINGS = ["infra/redis", "infra/nats"];
const isSource = (file) => !/\.test\.[cm]?[jt]s$/.test(file) && !file.endsWith(".d.ts");
const posix = (file) => file.replaceAll("\\", "/");

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)));
}

function list(root) {
  const workspaces = GROUPS.filter((group) => existsSync(join(root, group))).flatMap((group) =>
    readdirSync(join(root, group)).map((workspace) => `${group}/${workspace}/src`),
  );
  return [...workspaces, ...SETTINGS].flatMap((folder) =>
    filesBelow(join(root, folder))
      .filter(isSource)
      .map((file) => `${folder}/${posix(file)}`),
  );
}

function source(file, text) {
  if (!file.endsWith(".ts")) return { file, text, tree: undefined, tokens: [] };
  const tree = parse(file, text);
  return { file, text, tree, tokens: tokensOf(tree) };
}

/** The sources below a checkout. A source is `{file, text, tree, tokens}`; the tree of what is not TypeScript is undefined. */
export class Sources {
  #root;
  #files;
  #texts = new Map();
  #read = new Map();

  constructor(root) {
    this.#root = root;
  }

  #text(file) {
    if (!this.#texts.has(file)) this.#texts.set(file, readFileSync(join(this.#root, file), "utf8"));
    return this.#texts.get(file);
  }

  get #all() {
    this.#files ??= list(this.#root);
    return this.#files;
  }

  get count() {
    return this.#all.length;
  }

  /** One source, or undefined when there is no such file. */
  read(file) {
    const path = join(this.#root, file);
    if (!existsSync(path) || !statSync(path).isFile()) return undefined;
    if (!this.#read.has(file)) this.#read.set(file, source(file, this.#text(file)));
    return this.#read.get(file);
  }

  /** The sources that may hold a condition: each of its names and numbers stands in them. */
  holding({ inText, condition }, tokens) {
    const words = inText ? (condition.match(/\w+/g) ?? []) : tokens.filter((token) => /^[\w#$]+$/.test(token));
    const may = this.#all.filter((file) => words.every((word) => this.#text(file).includes(word)));
    return may.map((file) => this.read(file));
  }
}

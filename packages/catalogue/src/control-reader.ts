import type { Json } from "@seb/canonical";
import { type Mistake, schemaMistakes, type ValueMistake, validate } from "@seb/schema";
import type { Static, TSchema } from "typebox";
import type { ControlFiles } from "./files.js";
import { readYamlText, type YamlText } from "./read-yaml.js";

/** Reads YAML files of a control folder one by one and collects what is wrong with them, each with its line. */
export class ControlReader {
  readonly #files: ControlFiles;
  readonly #texts = new Map<string, YamlText>();
  readonly #mistakes: Mistake[] = [];

  constructor(files: ControlFiles) {
    this.#files = files;
  }

  /** The file's value, frozen, when it fits the schema; its mistakes are noted. A value with mistakes serves only to find more. */
  read<S extends TSchema>(path: string, schema: S): Static<S> | undefined {
    const text = this.#textOf(path);
    if (text.value === undefined) return undefined;
    const checked = validate(schema, text.value, "catalogue_invalid");
    if (checked.ok) return deepFreeze(checked.value);
    for (const mistake of schemaMistakes(schema, text.value)) this.add(path, ofEmpty(mistake, text.value));
    return undefined;
  }

  /** Notes a mistake of a file; its line is looked up. */
  add(file: string, mistake: ValueMistake): void {
    const line = this.lineOf(file, mistake.field);
    const { field, ...said } = mistake;
    this.#mistakes.push({ file, ...(field === "" ? {} : { field }), ...(line === undefined ? {} : { line }), ...said });
  }

  /** Line, from 1, of a field of a file that was read; undefined where it is not known. */
  lineOf(file: string, field: string): number | undefined {
    return this.#texts.get(file)?.lineOf(field);
  }

  /** All mistakes so far, by file and line. */
  mistakes(): Mistake[] {
    return [...this.#mistakes].sort(
      (a, b) => compare(a.file, b.file) || (a.line ?? 0) - (b.line ?? 0) || compare(a.field ?? "", b.field ?? ""),
    );
  }

  #textOf(path: string): YamlText {
    const known = this.#texts.get(path);
    if (known !== undefined) return known;
    const read = readYamlText(this.#files[path] ?? "");
    this.#texts.set(path, read);
    for (const mistake of read.mistakes) this.#mistakes.push({ file: path, ...mistake });
    return read;
  }
}

function ofEmpty(mistake: ValueMistake, value: Json): ValueMistake {
  return value === null && mistake.field === "" ? { ...mistake, found: "an empty file" } : mistake;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}

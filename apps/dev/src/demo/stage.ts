import { join } from "node:path";
import { isCode } from "@seb/schema";
import type { Paint } from "./paint.js";
import { type Program, type Ran, run } from "./run-command.js";
import type { Services } from "./services.js";

/** What a scene expected and did not see. */
export class SceneFailed extends Error {
  constructor(what: string) {
    super(what);
    this.name = "SceneFailed";
  }
}

/** How a command is shown and what it must end with. */
export interface Wanted {
  readonly exit?: number;
  /** Code that the refusal must have. */
  readonly code?: string;
  /** Lines of output to show at most; default 14. */
  readonly lines?: number;
  /** Shows neither the command nor its output: it only looks at what came of another. */
  readonly quiet?: boolean;
  /** Shows only the lines that match. */
  readonly only?: RegExp;
}

const TIMEOUT_MS = 20_000;
const MAX_WIDTH = 132;
const SHOWN_LINES = 14;
const CERTIFICATE = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g;

/** Where the scenes play: a folder with a `.seb` of its own, three services, the command lines. */
export class Stage {
  constructor(
    readonly folder: string,
    readonly services: Services,
    readonly paint: Paint,
    private readonly write: (text: string) => void,
  ) {}

  /** A path inside the `.seb` folder. */
  path(...parts: string[]): string {
    return join(this.folder, ".seb", ...parts);
  }

  say(text: string): void {
    this.write(`${this.paint.dim(text)}\n`);
  }

  /** What came of it, and why that is right. */
  so(text: string): void {
    this.write(`  ${this.paint.good("=>")} ${text}\n`);
  }

  expect(holds: boolean, what: string): void {
    if (!holds) throw new SceneFailed(what);
  }

  /** Runs a command line, shows it with its output, and holds it to what is wanted. */
  async run(program: Program, args: readonly string[], wanted: Wanted = {}): Promise<Ran> {
    const { exit = 0, code, quiet = false } = wanted;
    const typed = [program, ...args].map((word) => this.#shown(word)).join(" ");
    if (!quiet) this.write(`  ${this.paint.command(`$ ${typed}`)}\n`);
    const ran = await run(program, args, this.folder, TIMEOUT_MS);
    if (!quiet) this.#show(`${ran.stdout}${ran.stderr}`, wanted);
    this.expect(
      ran.exit === exit,
      `${program} ${args[0] ?? ""} ended with ${ran.exit}, not ${exit}: ${ran.stderr.trim()}`,
    );
    if (code !== undefined) {
      this.expect(isCode(code), `${code} is a code of the table`);
      this.expect(ran.stderr.includes(code), `${program} ${args[0] ?? ""} did not say ${code}: ${ran.stderr.trim()}`);
    }
    return ran;
  }

  /** Shows text as the output of something. */
  show(text: string): void {
    this.#show(text, {});
  }

  #shown(word: string): string {
    const short = word.replace(CERTIFICATE, '"$CERT"').replaceAll(`${this.folder}/`, "");
    return /[\s*;|&]/.test(short) ? `'${short}'` : short;
  }

  #show(text: string, { lines = SHOWN_LINES, only }: Wanted): void {
    const cut = text
      .replace(CERTIFICATE, (token) => `${token.slice(0, 24)}... (${token.length} characters)`)
      .replaceAll(`${this.folder}/`, "")
      .split("\n")
      .filter((line) => line.trim() !== "" && (only === undefined || only.test(line)));
    const shown = cut
      .slice(0, lines)
      .map((line) => (line.length > MAX_WIDTH ? `${line.slice(0, MAX_WIDTH)} ...` : line));
    const rest = only === undefined && cut.length > lines ? [`... ${cut.length - lines} more lines`] : [];
    this.write([...shown, ...rest].map((line) => `    ${line}\n`).join(""));
  }
}

/** One part of the story. */
export interface Scene {
  readonly title: string;
  /** What is tried and what must come of it. */
  readonly about: string;
  play(stage: Stage): Promise<void>;
}
